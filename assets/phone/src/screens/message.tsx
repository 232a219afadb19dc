// Screens that say one thing.

import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Mark } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import { arrived, unsent } from '../queue.ts'
import { plural, text } from '../text.ts'
import { KeptLine } from './keptline.tsx'

export function Message(props: { id: string; mark?: 'tick' | 'warn'; title: string; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <main class="message" data-screen={props.id}>
      {props.mark && <Mark name={props.mark} />}
      <h1 tabIndex={-1} ref={title}>{props.title}</h1>
      {props.children}
    </main>
  )
}

export function Ended({ page }: { page: Page }) {
  if (page.screen.name !== 'ended') return null
  const { why } = page.screen
  const words = later.ended[why]
  const lost = unsent(page.photos).length
  const there = arrived(page.photos).length
  return (
    <Message id={why} mark={!lost && there ? 'tick' : 'warn'} title={words.title}>
      {there > 0 && <p class="strong">{plural(later.ended.arrived, there)}</p>}
      <Unsent page={page} />
      <p>{words.body}</p>
      <Kept page={page} />
    </Message>
  )
}

/** What comes next on a phone that is kept. */
function Kept({ page }: { page: Page }) {
  if (page.keptUntil === 0) return null
  return (
    <>
      <KeptLine page={page} />
      <p>{page.kept?.distrusted ? text.kept.distrusted : later.keptWaiting.soon}</p>
    </>
  )
}

/** Names the photos that can no longer be sent, and offers to discard them. */
export function Unsent({ page }: { page: Page }) {
  const lost = unsent(page.photos).length
  if (!lost) return null
  return (
    <>
      <p class="strong" data-testid="unsent">{plural(later.ended.unsent, lost)}</p>
      <button class="second" id="discard" onClick={() => void page.discardAll()}>
        {plural(later.ended.discard, lost)}
      </button>
    </>
  )
}

export function Finished({ page }: { page: Page }) {
  if (page.screen.name !== 'finished') return null
  return (
    <Message id="finished" mark="tick" title={later.finished.title}>
      <p>{page.screen.count > 0 ? plural(later.finished.body, page.screen.count) : later.finished.none}</p>
      <p class="strong">{text.summary.away}</p>
      {page.screen.count > 0 && <p class="quiet">{later.finished.camera}</p>}
      <Kept page={page} />
    </Message>
  )
}
