// Landing and grid: the screen a session is on most of the time.

import { isMiniBrowser } from '../mini.ts'
import type { Page } from '../page.ts'
import { unsent } from '../queue.ts'
import { plural, text } from '../text.ts'
import { Actions } from './actions.tsx'
import { Hint } from './hint.tsx'
import { KeptLine } from './keptline.tsx'
import { late } from './late.tsx'

export const Grid = late(() => import('./grid.tsx').then((m) => m.Grid), () => null)

export function Session({ page }: { page: Page }) {
  const { photos } = page
  const u = page.uploader!
  const status = u.status!
  const minutes = Math.max(0, Math.ceil((status.expires - (page.now() + u.offsetMs)) / 60_000))
  const open = page.canShoot
  const wrong = open && <button class="link quiet" id="wrong" onClick={() => page.show({ name: 'leave' })}>{text.wrongPatient}</button>
  return (
    <div class="session" data-screen="session" data-session-state={status.state}>
      <header>
        <h1 class="practice">{status.practiceName}</h1>
        {open && <p class="minutes">{plural(text.minutes, minutes)}</p>}
        {photos.length > 0 && wrong}
      </header>
      <main>
        <Hint page={page} small={photos.length > 0} />
        {photos.length === 0 && wrong}
        {open && photos.length === 0 && <p class="advice">{text.advice}</p>}
        <KeptLine page={page} />
        <Notices page={page} />
        {photos.length > 0 && <Grid page={page} />}
      </main>
      <Actions page={page} open={open} />
    </div>
  )
}

function notices(page: Page): [string, string][] {
  const lines: [string, string][] = []
  const { state } = page.uploader!.status!
  const { trouble } = page.sending!
  if (trouble && page.photos.length > 0) {
    const words = trouble === 'offline' || trouble === 'captive' ? text.trouble[trouble] : text.trouble.unavailable
    lines.push([trouble, words])
  }
  const waiting = unsent(page.photos).length
  if (state === 'draining' || state === 'closed') lines.push(['draining', waiting ? plural(text.notice.draining, waiting) : text.notice.drained])
  else if (!page.keys) lines.push(['send-only', text.notice.sendOnly])
  if (page.notAdded > 0) lines.push(['not-added', plural(text.notice.notAdded, page.notAdded)])
  else if (page.canShoot && page.roomLeft === 0) lines.push(['full', text.notice.full])
  if (page.kept?.over) lines.push(['kept-over', text.kept.over])
  else if (page.kept?.distrusted) lines.push(['distrusted', text.kept.distrusted])
  if (page.canShoot && isMiniBrowser(navigator.userAgent)) lines.push(['mini-browser', text.notice.miniBrowser])
  else if (page.store && !page.store.durable) lines.push(['not-durable', text.notice.notDurable])
  return lines
}

function Notices({ page }: { page: Page }) {
  const lines = notices(page)
  const { leftovers } = page
  if (leftovers.held(false) > 0) lines.push(['leftover', plural(text.notice.leftover, leftovers.held(false))])
  return (
    <div class="notices" role="status">
      {lines.map(([id, line]) => (
        <p key={id} data-notice={id}>{line}</p>
      ))}
      {leftovers.held(true) > 0 && (
        <p data-notice="leftover-over">
          {plural(text.notice.leftoverOver, leftovers.held(true))}{' '}
          <button class="link" onClick={() => void leftovers.drop()}>{text.remove}</button>
        </p>
      )}
    </div>
  )
}
