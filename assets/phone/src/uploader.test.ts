import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, it } from 'vitest'
import { Problem, type Answer, type SessionAPI, type Status, type StatusImage, type UploadRequest } from './api.ts'
import type { PutResult } from './put.ts'
import { openStore, type Store } from './store.ts'
import { Uploader } from './uploader.ts'

const sid = 'S'
let running: Uploader | null = null
afterEach(() => running?.stop())

interface World {
  images: Map<string, StatusImage>
  objects: Set<string>
  calls: string[]
  refuse: (call: string, ids: string[]) => Problem | null
  put: (id: string) => PutResult
  session: Partial<Status>
  reclaim: (() => Promise<Answer>) | undefined
}

async function start(ids: string[], change: Partial<World> = {}): Promise<{ world: World; store: Store; uploader: Uploader }> {
  const world: World = { images: new Map(), objects: new Set(), calls: [], refuse: () => null, put: () => 'stored', session: {}, reclaim: undefined, ...change }
  const store = await openStore(new IDBFactory())
  for (const [i, id] of ids.entries()) await store.putImage({ id, sid, order: i, bytes: 3, sha256: 'aa', sealed: new Uint8Array([1, 2, 3]).buffer })
  const answer = (wanted: UploadRequest[] = []): Answer => {
    const uploads = wanted.map(({ id }) => {
      if (!world.images.has(id)) world.images.set(id, { id, state: 'reserved' })
      return { id, state: 'reserved' as const, url: `https://s3/${id}`, headers: {}, expires: Date.now() + 300_000 }
    })
    for (const i of world.images.values()) if (i.state === 'stored') world.images.set(i.id, { ...i, state: 'landed' })
    const session = { sid, state: 'paired', now: Date.now(), images: [...world.images.values()], ...world.session } as unknown as Status
    return { session, uploads }
  }
  const ask = async (call: string, ids: string[], act: () => Answer): Promise<Answer> => {
    world.calls.push(call)
    const no = world.refuse(call, ids)
    if (no) throw no
    return act()
  }
  const api: SessionAPI = {
    status: () => ask('status', [], answer),
    uploads: (w) => ask('uploads', w.map((x) => x.id), () => answer(w)),
    stored: (done, next) =>
      ask('images', [...done, ...next.map((x) => x.id)], () => {
        for (const id of done) {
          if (!world.objects.has(id)) throw new Problem('not-uploaded', 409)
          world.images.set(id, { id, state: 'stored' })
        }
        return answer(next)
      }),
    done: () => ask('done', [], answer),
    amend: (id) => ask('amend', [id], answer),
    retract: (id) => ask('retract', [id], answer),
    leave: () => ask('leave', [], answer),
  }
  const put = async (url: string): Promise<PutResult> => {
    const id = url.split('/').pop()!
    const result = world.put(id)
    if (result === 'stored') world.objects.add(id)
    return result
  }
  const reclaim = () => world.reclaim?.() ?? Promise.reject(new Problem('link-used', 409))
  const uploader = new Uploader({ sid, api, store, put, reclaim, now: Date.now, visible: () => true, changed: () => {} })
  await uploader.restore()
  running = uploader
  void uploader.run()
  return { world, store, uploader }
}

async function until(ok: () => boolean): Promise<void> {
  for (let i = 0; !ok(); i++) {
    if (i > 400) throw new Error('it did not happen in 8 s')
    await new Promise((r) => setTimeout(r, 20))
  }
}

const landed = (u: Uploader) => u.photos.filter((p) => p.state === 'landed').length

describe('uploader', () => {
  it('lands what a killed tab left behind, then drops it', async () => {
    const { uploader, store } = await start(['a', 'b', 'c'])
    await until(() => landed(uploader) === 3 && uploader.photos.every((p) => !p.held))
    expect(await store.images(sid)).toHaveLength(0)
  })
  it('keeps trying through broken connections', async () => {
    let n = 0
    const { uploader } = await start(['a'], { put: () => (['again', 'new-link', 'stored'] as const)[n++] ?? 'stored' })
    await until(() => landed(uploader) === 1)
    expect(n).toBe(3)
  })
  it('waits out an absent gateway and a lost registry, and says so', async () => {
    const codes = ['unavailable', 'session-missing', 'offline']
    const { uploader } = await start(['a'], { refuse: () => (codes.length ? new Problem(codes.shift()!, 503) : null) })
    await until(() => uploader.trouble === 'session-missing')
    await until(() => landed(uploader) === 1)
    expect(uploader.trouble).toBe('')
  })
  it('fails only the photo that is refused', async () => {
    const { uploader, store } = await start(['a', 'b', 'c'], {
      refuse: (_, ids) => (ids.includes('b') ? new Problem('image-too-large', 413) : null),
    })
    await until(() => landed(uploader) === 2)
    const b = uploader.photos.find((p) => p.id === 'b')
    expect([b?.state, b?.reason]).toEqual(['failed', 'too-large'])
    expect(await store.sealed('b')).not.toBeNull()
  })
  it('puts again when "stored" finds no object', async () => {
    const { uploader, world } = await start(['a'])
    await until(() => world.objects.has('a'))
    world.objects.delete('a')
    await until(() => landed(uploader) === 1 || uploader.photos[0]?.attempts === 1)
    await until(() => landed(uploader) === 1)
  })
  it('sends what was captured before the session closed', async () => {
    const { uploader } = await start(['a', 'b'], { session: { state: 'closed', drainUntil: Date.now() + 60_000 } })
    await until(() => landed(uploader) === 2)
    expect(uploader.ended).toBe('session-over') // only now: nothing is left
  })
  it('claims again when the registry came back without this phone', async () => {
    let lost = true
    const { uploader } = await start(['a'], {
      refuse: () => (lost ? new Problem('phone-replaced', 401) : null),
      reclaim: async () => {
        lost = false
        return { session: { sid, state: 'paired', now: Date.now(), images: [] } as unknown as Status }
      },
    })
    await until(() => landed(uploader) === 1)
    expect(uploader.ended).toBe('')
  })
  it('claims again whenever the registry was lost, also when that happens once more before the claim', async () => {
    let mine = false
    let claims = 0
    const { uploader, store } = await start(['a'], {
      refuse: () => (mine ? null : new Problem('phone-replaced', 401)),
      reclaim: async () => {
        if (++claims === 1) throw new Problem('link-unknown', 404)
        mine = true
        return { session: { sid, state: 'paired', now: Date.now(), images: [] } as unknown as Status }
      },
    })
    await until(() => uploader.ended !== '' || landed(uploader) === 1)
    mine = false
    await store.putImage({ id: 'b', sid, order: 1, bytes: 3, sha256: 'aa', sealed: new Uint8Array([1]).buffer })
    await uploader.restore()
    uploader.wake()
    await until(() => uploader.ended !== '' || landed(uploader) === 2)
    expect(uploader.ended).toBe('')
    expect(claims).toBe(3)
  })
  it('stops where the code is unknown and stays so', async () => {
    let claims = 0
    const { uploader } = await start(['a'], {
      refuse: () => new Problem('phone-replaced', 401),
      reclaim: async () => {
        claims++
        throw new Problem('link-unknown', 404)
      },
    })
    await until(() => uploader.ended === 'phone-replaced')
    expect(claims).toBe(2)
  })
  it.each(['session-over', 'phone-replaced'] as const)('stops at %s and keeps the sealed photo', async (code) => {
    const { uploader, store } = await start(['a'], { refuse: () => new Problem(code, 410) })
    await until(() => uploader.ended === code)
    expect(await store.images(sid)).toHaveLength(1)
  })
})

describe('store', () => {
  it('falls back to memory where storage is refused, and says so', async () => {
    const refusing = { open: () => { throw new Error('private window') } } as unknown as IDBFactory
    const store = await openStore(refusing)
    expect(store.durable).toBe(false)
    await store.putImage({ id: 'a', sid, order: 1, bytes: 1, sha256: '', sealed: new ArrayBuffer(1) })
    expect(await store.sealed('a')).not.toBeNull()
  })
  it('is durable with IndexedDB', async () => {
    expect((await openStore(new IDBFactory())).durable).toBe(true)
  })
})
