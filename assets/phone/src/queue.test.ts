import { describe, expect, it } from 'vitest'
import type { ImageState, Status, StatusImage } from './api.ts'
import { uuidv7 } from './bytes.ts'
import { arrived, editable, ready, reduce, releasable, unsent, type Event, type Photo } from './queue.ts'

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
  it('keeps their order: the same photo is the second one', () => {
    const [first, second] = [1000, 2000].map((ms) => uuidv7(ms)) as [string, string]
    const before = play({ type: 'shot', id: first, order: 1000 }, { type: 'shot', id: second, order: 2000 })
    const after = play(status({ [second]: 'landed', [first]: 'landed' }))
    expect(after.map((p) => p.id)).toEqual(before.map((p) => p.id))
    const held: Event = { type: 'sealed', id: second, order: 2000, bytes: 10, sha256: 'aa' }
    expect(play(held, status({ [first]: 'landed' })).map((p) => p.id)).toEqual([first, second])
  })
  it('sends a restored photo that was reserved before the tab died', () => {
    expect(play(sealed('a'), status({ a: 'reserved' }))[0]?.state).toBe('queued')
  })
  it('tells the user to take a photo again that the computer cannot open', () => {
    const [p] = play(sealed('a'), status({ a: 'quarantined' }))
    expect([p?.state, p?.reason]).toEqual(['gone', 'unreadable'])
  })
})

describe('removal', () => {
  const removal = (to: Photo['removal']): Event => ({ type: 'removal', id: 'a', to })
  const seen = (image: Partial<StatusImage>): Event => ({ type: 'status', status: { images: [{ id: 'a', state: 'landed', ...image }] } as Status })

  it('holds a photo back while it can be undone, and sends it when it was', () => {
    const held = play(sealed('a'), removal('undo'))
    expect([ready(held, 1).length, unsent(held).length]).toEqual([0, 1])
    expect(ready(reduce(held, removal('')), 1)).toHaveLength(1)
  })
  it('is on the phone’s hands until the registry knows', () => {
    const wanted = play(sealed('a'), removal('wanted'))
    expect(unsent(wanted)).toHaveLength(1)
    const asked = reduce(wanted, seen({ state: 'reserved', retractWanted: true }))
    expect([asked[0]?.removal, unsent(asked).length, releasable(asked).length]).toEqual(['asked', 0, 0])
  })
  it('is over when the workstation says retracted, and only then lets go', () => {
    const gone = play(sealed('a'), removal('wanted'), seen({ state: 'retracted', retractWanted: true }))
    expect([gone[0]?.state, releasable(gone).length]).toEqual(['gone', 1])
  })
  it('does not count as arrived what is to go, and counts what the workstation keeps', () => {
    const going = play(sealed('a'), seen({}), removal('wanted'))
    expect(arrived(going)).toHaveLength(0)
    const kept = reduce(going, seen({ state: 'filed', retractWanted: true, refused: true }))
    expect([kept[0]?.removal, arrived(kept).length]).toEqual(['refused', 1])
    expect(reduce(kept, removal('wanted'))[0]?.removal).toBe('refused')
  })
})

describe('details', () => {
  const at = (image: Partial<StatusImage>): Photo =>
    play(sealed('a'), { type: 'status', status: { images: [{ id: 'a', state: 'landed', ...image }] } as Status })[0]!
  it('may be changed until the photo is filed', () => {
    expect(editable(at({}))).toBe(true)
    expect(editable(at({ state: 'filed' }))).toBe(false)
    expect(editable(at({ state: 'retracted' }))).toBe(false)
    expect(editable({ ...at({}), frozen: 'filed' })).toBe(false)
  })
  it('may not be changed where this phone has forgotten what it said before', () => {
    const forgotten = at({ details: 2 })
    expect(editable(forgotten)).toBe(false)
    expect(editable(reduce([forgotten], { type: 'made', id: 'a', n: 2 })[0]!)).toBe(true)
  })
})
