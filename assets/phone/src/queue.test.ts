import { describe, expect, it } from 'vitest'
import type { ImageState, Status } from './api.ts'
import { arrived, ready, reduce, releasable, unsent, type Event, type Photo } from './queue.ts'

const status = (images: Record<string, ImageState>): Event => ({
  type: 'status',
  status: { images: Object.entries(images).map(([id, state]) => ({ id, state })) } as Status,
})
const sealed = (id: string): Event => ({ type: 'sealed', id, order: 1, bytes: 10, sha256: 'aa' })
const play = (...events: Event[]): Photo[] => events.reduce(reduce, [] as Photo[])

describe('queue', () => {
  it('goes from the shutter to the practice folder', () => {
    const steps: [Event, string][] = [
      [{ type: 'shot', id: 'a', order: 1 }, 'preparing'],
      [sealed('a'), 'queued'],
      [{ type: 'sending', id: 'a' }, 'sending'],
      [{ type: 'put', id: 'a' }, 'put'],
      [status({ a: 'stored' }), 'stored'],
      [status({ a: 'landed' }), 'landed'],
      [status({ a: 'filed' }), 'filed'],
    ]
    let photos: Photo[] = []
    for (const [e, want] of steps) {
      photos = reduce(photos, e)
      expect(photos[0]?.state).toBe(want)
    }
  })
  it('never lets go before the computer has it', () => {
    const stored = play(sealed('a'), { type: 'put', id: 'a' }, status({ a: 'stored' }))
    expect(releasable(stored)).toHaveLength(0)
    expect(unsent(stored)).toHaveLength(1)
    const landed = reduce(stored, status({ a: 'landed' }))
    expect(releasable(landed)).toHaveLength(1)
    expect(releasable(reduce(landed, { type: 'dropped', id: 'a' }))).toHaveLength(0)
  })
  it('is not moved back by a late answer, and a registry that forgot it changes nothing', () => {
    const landed = play(sealed('a'), status({ a: 'landed' }))
    for (const e of [status({ a: 'stored' }), status({}), { type: 'again', id: 'a', retryAt: 1 }, { type: 'failed', id: 'a', reason: 'closed' }] as Event[]) {
      expect(reduce(landed, e)[0]?.state).toBe('landed')
    }
  })
  it('sends again what the bucket lost before it was on the computer', () => {
    const stored = play(sealed('a'), { type: 'put', id: 'a' }, status({ a: 'stored' }))
    expect(reduce(stored, status({ a: 'reserved' }))[0]?.state).toBe('queued')
  })
  it('waits between tries and comes back', () => {
    const p = play(sealed('a'), { type: 'sending', id: 'a' }, { type: 'again', id: 'a', retryAt: 500 })
    expect(ready(p, 499)).toHaveLength(0)
    expect(ready(p, 500)).toHaveLength(1)
    expect(p[0]?.attempts).toBe(1)
  })
  it('sends again when the gateway does not find the object', () => {
    expect(play(sealed('a'), { type: 'put', id: 'a' }, { type: 'again', id: 'a', retryAt: 0 })[0]?.state).toBe('queued')
  })
  it('shows photos of an earlier life of the page', () => {
    const p = play(status({ x: 'landed', y: 'reserved' }))
    expect(arrived(p).map((q) => q.id)).toEqual(['x'])
  })
  it('sends a restored photo that was reserved before the tab died', () => {
    expect(play(sealed('a'), status({ a: 'reserved' }))[0]?.state).toBe('queued')
  })
  it('tells the user to take a photo again that the computer cannot open', () => {
    const [p] = play(sealed('a'), status({ a: 'quarantined' }))
    expect([p?.state, p?.reason]).toEqual(['gone', 'unreadable'])
  })
})
