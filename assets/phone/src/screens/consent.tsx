// Who agrees to the photos, where the practice asks: two taps before the first.

import { useEffect, useState } from 'preact/hooks'
import { consenters, type ConsentBy } from '../consent.ts'
import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import { text } from '../text.ts'
import { Hint } from './hint.tsx'
import { Message } from './message.tsx'

/** A finger that taps twice must not answer a question that it has not read. */
const unreadMs = 400

export function Consent({ page }: { page: Page }) {
  const [by, choose] = useState<ConsentBy | null>(null)
  const [refused, refuse] = useState(false)
  const again = () => {
    choose(null)
    refuse(false)
  }
  if (refused) return <Refused page={page} again={again} />
  if (by) return <Agree page={page} by={by} refuse={() => refuse(true)} back={again} />
  return (
    <Message key="who" id="consent" title={later.consent.who}>
      <Hint page={page} small />
      {consenters.map((id) => (
        <button key={id} class="second wide stacked" id={`by-${id}`} onClick={() => choose(id)}>
          <span>{later.consent.by[id]}{id === 'attorney' && <small>{later.consent.attorneyNote}</small>}</span>
        </button>
      ))}
      <button class="link quiet" id="wrong" onClick={() => page.show({ name: 'leave' })}>{text.wrongPatient}</button>
    </Message>
  )
}

function Agree({ page, by, refuse, back }: { page: Page; by: ConsentBy; refuse(): void; back(): void }) {
  const [unread, setUnread] = useState(true)
  useEffect(() => {
    const timer = setTimeout(() => setUnread(false), unreadMs)
    return () => clearTimeout(timer)
  }, [])
  return (
    <Message key="agree" id="agree" title={later.consent.agree}>
      <Hint page={page} small />
      <p class="strong">{later.consent.by[by]}</p>
      <button class="main wide" id="yes" disabled={unread} onClick={() => page.agreed(by)}><Icon name="tick" />{later.consent.yes}</button>
      <button class="second wide" id="no" disabled={unread} onClick={refuse}>{later.consent.no}</button>
      <button class="link quiet" id="back" onClick={back}><Icon name="back" />{later.consent.back}</button>
    </Message>
  )
}

function Refused({ page, again }: { page: Page; again(): void }) {
  return (
    <Message key="refused" id="refused" mark="warn" title={later.consent.stop}>
      <Hint page={page} small />
      <p>{later.consent.nothing}</p>
      <button class="main wide" id="stop" onClick={() => void page.leave('declined')}>{later.consent.leave}</button>
      <button class="link" id="again" onClick={again}><Icon name="back" />{later.consent.again}</button>
    </Message>
  )
}
