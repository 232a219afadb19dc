// Screens that say one thing.

import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Mark } from '../icons.tsx'
import type { Page } from '../page.ts'
import { arrived, unsent } from '../queue.ts'
import { plural, text } from '../text.ts'
import { Hint } from './hint.tsx'

export function Message(props: { id: string; mark: 'tick' | 'warn'; title: string; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <main class="message" data-screen={props.id}>
      <Mark name={props.mark} />
      <h1 tabIndex={-1} ref={title}>{props.title}</h1>
      {props.children}
    </main>
  )
}

export function Connecting({ page }: { page: Page }) {
  const trouble = page.connectTrouble
  const line = !trouble
    ? text.trouble.connecting
    : trouble === 'offline'
      ? text.trouble.connectingOffline
      : trouble === 'captive'
        ? text.trouble.connectingCaptive
        : text.trouble.connectingAway
  return (
    <main class="message" data-screen="connecting" data-trouble={trouble}>
      <Hint page={page} />
      <div class="spinner" aria-hidden="true" />
      <h1 class="line"><span role="status">{line}</span></h1>
      {page.pending > 0 && <p class="strong">{plural(text.trouble.waitingPhotos, page.pending)}</p>}
    </main>
  )
}

export function Ended({ page, why }: { page: Page; why: keyof typeof text.ended & string }) {
  const words = text.ended[why] as { title: string; body: string }
  const lost = unsent(page.photos).length
  const there = arrived(page.photos).length
  return (
    <Message id={why} mark={!lost && there ? 'tick' : 'warn'} title={words.title}>
      {there > 0 && <p class="strong">{plural(text.ended.arrived, there)}</p>}
      <Unsent page={page} />
      <p>{words.body}</p>
    </Message>
  )
}

/** Names the photos that can no longer be sent, and offers to discard them. */
export function Unsent({ page }: { page: Page }) {
  const lost = unsent(page.photos).length
  if (!lost) return null
  return (
    <>
      <p class="strong" data-testid="unsent">{plural(text.ended.unsent, lost)}</p>
      <button class="second" id="discard" onClick={() => void page.discardAll()}>
        {plural(text.ended.discard, lost)}
      </button>
    </>
  )
}

export function Finished({ count }: { count: number }) {
  return (
    <Message id="finished" mark="tick" title={text.finished.title}>
      <p>{plural(text.finished.body, count)}</p>
      <p class="strong">{text.summary.away}</p>
      <p class="quiet">{text.finished.camera}</p>
    </Message>
  )
}
