import type { Page } from '../page.ts'
import { plural, text } from '../text.ts'
import { Hint } from './hint.tsx'

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

/** While the code of a screen is on its way. */
export function Waiting() {
  return (
    <main class="message">
      <div class="spinner" aria-hidden="true" />
      <h1 class="line"><span role="status">{text.loading}</span></h1>
    </main>
  )
}
