import type { Page } from '../page.ts'
import { fill, text } from '../text.ts'

/** As "18:00", by the phone's own clock and zone. */
export const timeText = (ms: number): string =>
  new Date(ms).toLocaleTimeString('en-NZ', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

export function KeptLine({ page }: { page: Page }) {
  if (page.keptUntil === 0) return null
  return <p class="quiet kept" data-testid="kept">{fill(text.kept.until, { time: timeText(page.keptUntil) })}</p>
}
