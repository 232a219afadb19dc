import type { Page } from '../page.ts'
import { fill, text } from '../text.ts'

/** Who the photos are of, as far as the code says. */
export function Hint({ page, small }: { page: Page; small?: boolean }) {
  const hint = page.keys?.hint
  if (!hint || !(hint.name || hint.age || hint.nhiTail)) return null
  const age = /^\d+$/.test(hint.age) ? fill(text.yearsOld, { age: hint.age }) : hint.age
  return (
    <section class={small ? 'hint small' : 'hint'} aria-label={text.patient} data-testid="hint">
      <p class="name">{hint.name}</p>
      <p class="facts">
        {age && <span>{age}</span>}
        {hint.nhiTail && <span>{fill(text.nhiEnds, { tail: hint.nhiTail })}</span>}
      </p>
    </section>
  )
}
