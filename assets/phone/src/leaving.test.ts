import { describe, expect, it } from 'vitest'
import { Problem, type Answer } from './api.ts'
import { Leaving } from './leaving.ts'
import { reduce, type Event, type Photo } from './queue.ts'
import type { Sending } from './sending.ts'

/** One photo in each state: 'a' never announced, 'b' on its way, 'c' on the computer, 'd' saved. */
function phone() {
  let photos: Photo[] = []
  const dispatch = (e: Event) => void (photos = reduce(photos, e))
  for (const id of ['a', 'b', 'c', 'd']) dispatch({ type: 'sealed', id, order: 1, bytes: 1, sha256: '' })
  const images = [{ id: 'b', state: 'reserved' }, { id: 'c', state: 'landed' }, { id: 'd', state: 'filed' }]
  const answer = { session: { images, left: true } } as unknown as Answer
  const accept = (a: Answer) => dispatch({ type: 'status', status: a.session })
  accept(answer)
  const uploader = { get photos() { return photos }, dispatch, accept, announced: (id: string) => id !== 'a' }
  const dropped: string[] = []
  const changes = { drop: async (id: string) => { dropped.push(id); dispatch({ type: 'forget', id }) } }
  return { sending: { uploader, changes } as unknown as Sending, dropped, answer, of: (id: string) => photos.find((p) => p.id === id) }
}

describe('leaving', () => {
  it('keeps every photo, and says so to the workstation', async () => {
    const p = phone()
    const asked: string[] = []
    const l = new Leaving(p.sending, 'keep', async (way) => (asked.push(way), p.answer), () => {})
    await l.run()
    expect([asked, p.dropped, l.told, l.count]).toEqual([['keep'], [], true, 4])
    expect(p.of('b')?.removal).toBe('')
  })
  it('discards at once what only this phone has, and leaves the rest to the workstation', async () => {
    const p = phone()
    const l = new Leaving(p.sending, 'discard', async () => p.answer, () => {})
    await l.run()
    expect([p.dropped, l.dropped]).toEqual([['a'], 1])
    expect(p.of('b')?.removal).toBe('asked')
    expect(p.of('d')?.removal).toBe('')
  })
  it('tells until it is heard', async () => {
    const p = phone()
    const codes = ['offline', 'session-missing']
    let told = 0
    const l = new Leaving(p.sending, 'keep', async () => {
      const code = codes.shift()
      if (code) throw new Problem(code, 0)
      told++
      return p.answer
    }, () => setTimeout(() => l.wake(), 0))
    await l.run()
    expect([told, l.told]).toEqual([1, true])
  })
  it('ends when there is nobody left to tell', async () => {
    const p = phone()
    const l = new Leaving(p.sending, 'keep', async () => { throw new Problem('session-over', 410) }, () => {})
    await l.run()
    expect(l.told).toBe(true)
  })
})
