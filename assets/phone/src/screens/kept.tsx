// A kept phone between two patients.

import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import { plural, text } from '../text.ts'
import { Hint } from './hint.tsx'
import { KeptLine } from './keptline.tsx'
import { Message } from './message.tsx'

/** The shutter stays locked until the GP has read the name and tapped. */
export function Next({ page }: { page: Page }) {
  const next = page.kept?.next
  if (!next) return null
  const { name, age, nhiTail } = next.keys.hint
  return (
    <Message id="next" title={later.nextPatient.title}>
      <Hint page={page} of={next.keys} />
      {!(name || age || nhiTail) && <p class="strong">{later.nextPatient.nameless}</p>}
      <button class="main wide" id="take-next" onClick={() => void page.takeNext()}>
        <Icon name="camera" />{later.nextPatient.take}
      </button>
      <p class="quiet">{later.nextPatient.other}</p>
      {page.pending > 0 && <p data-testid="before">{plural(later.nextPatient.before, page.pending)}</p>}
    </Message>
  )
}

export function WaitingForNext({ page }: { page: Page }) {
  return (
    <Message id="waiting" mark="tick" title={later.keptWaiting.title}>
      <p>{page.kept?.distrusted ? text.kept.distrusted : later.keptWaiting.body}</p>
      <KeptLine page={page} />
      {page.pending > 0 && <p data-testid="before">{plural(later.nextPatient.before, page.pending)}</p>}
    </Message>
  )
}

export function KeptOver({ page }: { page: Page }) {
  return (
    <Message id="kept-over" mark="tick" title={later.keptOver.title}>
      <p>{later.keptOver.body}</p>
      {page.pending > 0 && <p data-testid="before">{plural(later.nextPatient.before, page.pending)}</p>}
    </Message>
  )
}
