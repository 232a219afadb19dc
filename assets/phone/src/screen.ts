// What the page can show.

import type { Leaving } from './leaving.ts'

export type Ending =
  | 'no-link' | 'no-fragment' | 'bad-fragment'
  | 'link-unknown' | 'link-used' | 'session-over' | 'phone-replaced'

export type Screen =
  | { name: 'connecting' }
  | { name: 'session' }
  /** One photo, large, with its details. */
  | { name: 'photo'; id: string }
  /** The guided set, with the phone's own camera. */
  | { name: 'set' }
  /** The viewfinder. */
  | { name: 'camera' }
  /** What the practice requires of the photos. */
  | { name: 'wanted' }
  /** The question before leaving. */
  | { name: 'leave' }
  | { name: 'left'; leaving: Leaving }
  | { name: 'ended'; why: Ending }
  | { name: 'finished'; count: number }
  /** A kept phone: the next patient, before the GP's tap. */
  | { name: 'next' }
  /** A kept phone without a patient. */
  | { name: 'waiting' }
  | { name: 'kept-over' }

export const inSession: Screen['name'][] = ['session', 'photo', 'set', 'camera', 'wanted', 'leave']
/** Where nothing is lost when a phone is not kept any more. */
export const idle: Screen['name'][] = ['waiting', 'finished']

/** The gateway's answers that end everything. */
export const endings: Record<string, Ending> = {
  'link-unknown': 'link-unknown',
  'link-used': 'link-used',
  'session-over': 'session-over',
  'session-draining': 'session-over',
  'phone-replaced': 'phone-replaced',
  'bad-request': 'bad-fragment',
}
