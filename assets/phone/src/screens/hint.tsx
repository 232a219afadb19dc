import type { Keys } from '../link.ts'
import type { Page } from '../page.ts'
import { fill, text } from '../text.ts'

/** Who the photos are of, as far as the code says; `of` names another than the session's. */
export function Hint({ page, small, of }: { page: Page; small?: boolean; of?: Keys }) {
  const hint = (of ?? page.keys)?.hint
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
