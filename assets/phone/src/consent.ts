// Who agreed to a session's photos (docs/contracts.md, "Sealed image").

import type { Status } from './api.ts'
import type { SessionRecord } from './store.ts'

export type ConsentBy = 'patient' | 'guardian' | 'attorney'
export const consenters: ConsentBy[] = ['patient', 'guardian', 'attorney']

export interface Consent {
  by: ConsentBy
  /** As a capture's takenAt. */
  at: string
}

/** Whether the session's shutter waits for somebody to agree. */
export const asksConsent = (s: Status | null, r: SessionRecord): boolean =>
  Boolean(s?.asks?.consent && !r.consent && (s.state === 'paired' || s.state === 'waiting'))
