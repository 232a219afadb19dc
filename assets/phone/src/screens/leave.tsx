// "Wrong patient?": the question, and what became of the photos of a phone that left.

import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Leaving } from '../leaving.ts'
import type { Page } from '../page.ts'
import { unsent } from '../queue.ts'
import { plural, text } from '../text.ts'
import { Hint } from './hint.tsx'
import { Message, Unsent } from './message.tsx'

export function Leave({ page }: { page: Page }) {
  const n = page.photos.filter((p) => p.state !== 'failed' && p.state !== 'gone').length
  const filed = page.photos.filter((p) => p.state === 'filed').length
  return (
    <Message id="leave" mark="warn" title={later.wrong.title}>
      <Hint page={page} small />
      <p>{later.wrong.body}</p>
      {n === 0 ? (
        <button class="main wide" id="leave" onClick={() => void page.leave('keep')}>{later.wrong.leave}</button>
      ) : (
        <>
          <p class="strong">{plural(later.wrong.taken, n)}</p>
          <button class="second wide stacked" id="leave-keep" onClick={() => void page.leave('keep')}>
            <span>{plural(later.wrong.keep, n)}<small>{later.wrong.keepNote}</small></span>
          </button>
          <button class="second wide stacked danger" id="leave-discard" onClick={() => void page.leave('discard')}>
            <span>{plural(later.wrong.discard, n - filed)}<small>{filed > 0 ? plural(later.wrong.filedNote, filed) : later.wrong.discardNote}</small></span>
          </button>
        </>
      )}
      <button class="link" id="stay" onClick={() => page.show({ name: 'session' })}><Icon name="back" />{later.wrong.stay}</button>
    </Message>
  )
}

export function Left({ page }: { page: Page }) {
  if (page.screen.name !== 'left') return null
  const { leaving } = page.screen
  const over = Boolean(page.uploader?.ended)
  const declined = leaving.way === 'declined'
  const title = !leaving.told ? later.left.leaving : declined ? later.declined.title : later.left.title
  return (
    <Message id="left" mark={leaving.told ? 'tick' : 'warn'} title={title}>
      <p role="status" data-told={leaving.told}>{told(leaving)}</p>
      {leaving.keep ? <Kept page={page} leaving={leaving} over={over} /> : <Discarded page={page} leaving={leaving} />}
      {leaving.told && <p>{declined ? later.declined.next : later.left.next}</p>}
    </Message>
  )
}

function told(l: Leaving): string {
  if (l.told) return l.way === 'declined' ? later.declined.told : later.left.told
  if (!l.trouble) return later.left.telling
  return l.trouble === 'captive' ? later.left.captive : later.left.offline
}

function Kept({ page, leaving, over }: { page: Page; leaving: Leaving; over: boolean }) {
  const waiting = unsent(page.photos).length
  if (leaving.count === 0) return <p class="quiet">{later.left.nothing}</p>
  if (over) return <Unsent page={page} />
  return (
    <>
      <p class="strong">{plural(later.left.kept, leaving.count)}</p>
      {waiting > 0
        ? <p data-testid="still-here">{plural(later.left.stillHere, waiting)}</p>
        : page.pending === 0 && <p class="strong">{text.summary.away}</p>}
    </>
  )
}

/** Removed is only what the workstation says is removed, or what never left the phone. */
function Discarded({ page, leaving }: { page: Page; leaving: Leaving }) {
  const gone = page.photos.filter((p) => p.state === 'gone').length + leaving.dropped
  const refused = page.photos.filter((p) => p.state === 'filed' || p.removal === 'refused').length
  const asked = Math.max(0, leaving.count - gone - refused)
  return (
    <>
      {gone > 0 && <p class="strong" data-testid="gone">{plural(later.left.gone, gone)}</p>}
      {asked > 0 && <p data-testid="asked">{plural(later.left.asked, asked)}</p>}
      {refused > 0 && <p data-testid="refused">{plural(later.left.refused, refused)}</p>}
      {leaving.told && <p class="strong">{text.summary.away}</p>}
    </>
  )
}
