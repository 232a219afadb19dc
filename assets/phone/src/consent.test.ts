import { describe, expect, it } from 'vitest'
import type { Status } from './api.ts'
import { asksConsent } from './consent.ts'
import type { SessionRecord } from './store.ts'

const record: SessionRecord = { token: 't', practice: 'kowhai', phoneKey: 'k', sid: 's' }
const status = (state: Status['state'], consent?: boolean): Status => ({
  sid: 's', practice: 'kowhai', practiceName: 'Kōwhai', state, now: 0, expires: 0, drainUntil: 0, maxImages: 20, maxBytes: 1, images: [],
  ...(consent !== undefined && { asks: { consent, require: [], target: 1_000_000 } }),
})

describe('consent', () => {
  it('is asked for before the first photo, where the practice asks', () => {
    expect([asksConsent(status('paired', true), record), asksConsent(status('waiting', true), record)]).toEqual([true, true])
    expect([asksConsent(status('paired', false), record), asksConsent(status('paired'), record), asksConsent(null, record)]).toEqual([false, false, false])
  })
  it('is asked for once a session', () => {
    expect(asksConsent(status('paired', true), { ...record, consent: { by: 'patient', at: '2026-11-23T10:15:00.123+13:00' } })).toBe(false)
  })
  it('does not stand before photos of a session that is over', () => {
    for (const state of ['draining', 'closed', 'expired'] as const) expect(asksConsent(status(state, true), record)).toBe(false)
  })
})
