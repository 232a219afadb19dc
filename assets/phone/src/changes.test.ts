import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Problem, type Amendment, type Answer, type ImageState, type Status, type StatusImage } from './api.ts'
import { Changes, type Sealer } from './changes.ts'
import type { Details } from './details.ts'
import { reduce, type Event, type Photo } from './queue.ts'
import { openStore, type Store } from './store.ts'

const sid = 'S'
let running: Changes[] = []
afterEach(() => {
  for (const c of running) c.stop()
  running = []
})

/** A registry of amendments, and a phone beside it. */
class World {
  photos: Photo[] = []
  images = new Map<string, StatusImage>()
  sent: { id: string; n: number; details: Details }[] = []
  retracted: string[] = []
  refuse: (what: 'amend' | 'retract') => Problem | null = () => null
  /** Whether the registry notes what it answers 200 to. */
  notes = true
  keys = true

  constructor(readonly store: Store) {}

  phone(): Changes {
    const dispatch = (e: Event) => void (this.photos = reduce(this.photos, e))
    const answer = (): Answer => ({ session: { sid, state: 'paired', images: [...this.images.values()] } as unknown as Status })
    const changes = new Changes({
      sid, store: this.store, now: Date.now, photos: () => this.photos, dispatch,
      announced: (id) => this.images.has(id),
      accept: (a) => {
        dispatch({ type: 'status', status: a.session })
        changes.heard(a.session)
      },
      sealer: () => (this.keys ? sealer : null),
      api: {
        amend: async (id, a: Amendment) => {
          const no = this.refuse('amend')
          if (no) throw no
          this.sent.push({ id, n: a.n, details: JSON.parse(a.sealed) as Details })
          if (this.notes) this.mark(id, { details: Math.max(a.n, this.images.get(id)?.details ?? 0) })
          return answer()
        },
        retract: async (id) => {
          const no = this.refuse('retract')
          if (no) throw no
          this.retracted.push(id)
          if (this.notes) this.mark(id, { retractWanted: true })
          return answer()
        },
      },
    })
    running.push(changes)
    return changes
  }

  mark(id: string, change: Partial<StatusImage>): void {
    this.images.set(id, { id, state: 'landed', ...this.images.get(id), ...change })
  }

  photo(id: string, state: ImageState = 'landed'): void {
    this.photos = reduce(this.photos, { type: 'sealed', id, order: 1, bytes: 1, sha256: '' })
    this.mark(id, { state })
    this.see()
  }

  see(): void {
    this.photos = reduce(this.photos, { type: 'status', status: { images: [...this.images.values()] } as Status })
  }

  edit(c: Changes, id: string, details: Details): void {
    this.photos = reduce(this.photos, { type: 'details', id, details })
    c.touch(id)
  }

  of = (id: string): Photo => this.photos.find((p) => p.id === id)!
}

const bytes = (details: Details) => new TextEncoder().encode(JSON.stringify(details)).buffer as ArrayBuffer
const sealer: Sealer = {
  amend: async (_, n, details) => ({ n, sealed: JSON.stringify(details), mac: 'm' }),
  keep: async (_, details) => bytes(details),
  read: async (_, own) => JSON.parse(new TextDecoder().decode(own)) as Details,
}

const start = async () => new World(await openStore(new IDBFactory()))

async function until(ok: () => boolean): Promise<void> {
  for (let i = 0; !ok(); i++) {
    if (i > 400) throw new Error('it did not happen in 8 s')
    await new Promise((r) => setTimeout(r, 20))
  }
}
const wait = (ms: number) => new Promise((r) => setTimeout(r, ms))

describe('amendments', () => {
  it('sends the whole set once the typing is over, numbered from 1', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.edit(c, 'a', { caption: 'It' })
    w.edit(c, 'a', { caption: 'Itchy' })
    await until(() => c.pending === 0)
    w.edit(c, 'a', { caption: 'Itchy', site: 'hand' })
    await until(() => w.sent.length === 2 && c.pending === 0)
    expect(w.sent).toEqual([{ id: 'a', n: 1, details: { caption: 'Itchy' } }, { id: 'a', n: 2, details: { caption: 'Itchy', site: 'hand' } }])
  })
  it('sends nothing for a change that was taken back, or that the image carries already', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    await c.sealedWith('a', { side: 'left' })
    w.edit(c, 'a', { side: 'right' })
    w.edit(c, 'a', { side: 'left' })
    await until(() => c.pending === 0)
    expect(w.sent).toEqual([])
  })
  it('waits until the image is announced', async () => {
    const w = await start()
    const c = w.phone()
    w.photos = reduce(w.photos, { type: 'sealed', id: 'a', order: 1, bytes: 1, sha256: '' })
    w.edit(c, 'a', { type: 'rash' })
    await wait(1_400)
    expect([w.sent.length, c.pending]).toEqual([0, 1])
    w.photo('a', 'reserved')
    await until(() => w.sent.length === 1)
  })
  it('sends again until the status shows it', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.notes = false
    w.edit(c, 'a', { type: 'rash' })
    await until(() => w.sent.length === 2)
    expect(c.pending).toBe(1)
    w.notes = true
    await until(() => c.pending === 0)
    expect(new Set(w.sent.map((s) => s.n))).toEqual(new Set([1]))
  })
  it('survives a killed tab, sealed but not sent', async () => {
    const w = await start()
    w.refuse = () => new Problem('offline', 0)
    const c = w.phone()
    w.photo('a')
    w.edit(c, 'a', { caption: 'Grown' })
    await until(() => c.trouble === 'offline')
    c.stop()
    w.refuse = () => null
    w.photos = []
    w.see()
    const again = w.phone()
    await again.restore()
    expect(w.of('a').details).toEqual({ caption: 'Grown' })
    await until(() => again.pending === 0)
    w.edit(again, 'a', { caption: 'Grown', intimate: true })
    await until(() => w.sent.length === 2)
    expect(w.sent.map((s) => s.n)).toEqual([1, 2])
  })
  it('survives a tab that dies while one types', async () => {
    const store = await openStore(new IDBFactory())
    const w = new World(store)
    const c = w.phone()
    w.photo('a')
    w.edit(c, 'a', { caption: 'so' })
    w.edit(c, 'a', { caption: 'sore' })
    await vi.waitFor(async () => expect((await store.changes(sid))[0]?.draft).toBe(true))
    c.stop() // before the typing was over: nothing was sealed
    expect(w.sent).toEqual([])

    const again = new World(store)
    again.photo('a')
    const next = again.phone()
    await next.restore()
    expect(again.of('a').details).toEqual({ caption: 'sore' })
    await vi.waitFor(() => expect(again.sent).toEqual([{ id: 'a', n: 1, details: { caption: 'sore' } }]), 5_000)
    await vi.waitFor(async () => expect((await store.changes(sid))[0]?.draft).toBe(false))
  })

  it('keeps nothing that was taken back', async () => {
    const store = await openStore(new IDBFactory())
    const w = new World(store)
    const c = w.phone()
    w.photo('a')
    w.edit(c, 'a', { side: 'left' })
    await vi.waitFor(async () => expect((await store.changes(sid))[0]?.draft).toBe(true))
    w.edit(c, 'a', {})
    await vi.waitFor(async () => expect((await store.changes(sid))[0]?.draft).toBe(false), 5_000)
    c.stop()
    const again = new World(store)
    again.photo('a')
    await again.phone().restore()
    expect(again.of('a').details).toEqual({})
    expect(w.sent).toEqual([])
  })

  it('seals what was typed when the page is put away', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.edit(c, 'a', { caption: 'Half' })
    await c.flush()
    c.stop()
    expect((await w.store.changes(sid)).map((r) => r.n)).toEqual([1])
  })
  it('knows no details without the link’s keys, and still sends what was sealed', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.edit(c, 'a', { caption: 'Half' })
    await c.flush()
    c.stop()
    w.keys = false
    w.photos = []
    w.see()
    const again = w.phone()
    await again.restore()
    expect(w.of('a').details).toEqual({})
    await until(() => w.sent.length === 1)
  })
  it('is frozen once the image is being filed', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.refuse = () => new Problem('image-filed', 409)
    w.edit(c, 'a', { caption: 'Late' })
    await until(() => w.of('a').frozen === 'filed')
    expect(c.pending).toBe(0)
  })
  it('is dropped when the status says filed', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.refuse = () => new Problem('unavailable', 503)
    w.edit(c, 'a', { caption: 'Late' })
    await until(() => c.trouble === 'unavailable')
    c.heard({ images: [{ id: 'a', state: 'filed' }] } as Status)
    await until(() => c.pending === 0)
    expect(await w.store.changes(sid)).toEqual([])
  })
  it('says so when the workstation will not have it', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    w.refuse = () => new Problem('bad-request', 400)
    w.edit(c, 'a', { caption: 'x' })
    await until(() => w.of('a').frozen === 'unsaved')
    expect(c.pending).toBe(0)
  })
})

describe('removals', () => {
  it('are asked for until the registry knows', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    const codes = ['offline', 'unavailable']
    w.refuse = () => (codes.length ? new Problem(codes.shift()!, 503) : null)
    await c.remove('a')
    expect(w.of('a').removal).toBe('wanted')
    await until(() => w.of('a').removal === 'asked')
    expect([w.retracted, c.pending]).toEqual([['a'], 0])
  })
  it('survive a killed tab', async () => {
    const w = await start()
    w.refuse = () => new Problem('offline', 0)
    const c = w.phone()
    w.photo('a')
    await c.remove('a')
    c.stop()
    w.refuse = () => null
    const again = w.phone()
    await again.restore()
    await until(() => w.retracted.length === 1)
  })
  it('drop a photo here that nobody else ever heard of', async () => {
    const w = await start()
    const c = w.phone()
    w.photo('a')
    await w.store.putImage({ id: 'a', sid, order: 1, bytes: 1, sha256: '', sealed: new ArrayBuffer(1) })
    w.refuse = () => new Problem('image-unknown', 404)
    await c.remove('a')
    await until(() => w.photos.length === 0)
    await wait(50)
    expect([await w.store.images(sid), await w.store.changes(sid)]).toEqual([[], []])
  })
})
