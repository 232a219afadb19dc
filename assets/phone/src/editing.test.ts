import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Editing } from './editing.ts'
import { reduce, type Event, type Photo } from './queue.ts'
import type { Sending } from './sending.ts'
import { undoMs } from './undo.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** 'a' is sealed here and nobody else knows it; 'b' is announced; 'c' is of an earlier life of the page. */
function phone(durable = true) {
  let photos: Photo[] = []
  const dispatch = (e: Event) => void (photos = reduce(photos, e))
  for (const id of ['a', 'b']) dispatch({ type: 'sealed', id, order: 1, bytes: 9, sha256: '' })
  dispatch({ type: 'status', status: { images: [{ id: 'c', state: 'landed' }] } as never })
  const calls: string[] = []
  const changes = { touch: (id: string) => calls.push(`touch ${id}`), drop: async (id: string) => calls.push(`drop ${id}`), remove: async (id: string) => calls.push(`remove ${id}`) }
  const uploader = { get photos() { return photos }, dispatch, announced: (id: string) => id !== 'a' }
  const editing = new Editing({ uploader, changes, wake: () => {} } as unknown as Sending, () => durable)
  return { editing, calls, dispatch, of: (id: string) => photos.find((p) => p.id === id)! }
}

describe('editing', () => {
  it('asks the workstation only after the undo time, and not for what it never heard of', () => {
    const { editing, calls } = phone()
    editing.remove('a')
    editing.remove('b')
    vi.advanceTimersByTime(undoMs - 1)
    expect(calls).toEqual([])
    vi.advanceTimersByTime(1)
    expect(calls).toEqual(['drop a', 'remove b'])
  })
  it('takes a removal back', () => {
    const { editing, calls, of } = phone()
    editing.remove('a')
    expect(of('a').removal).toBe('undo')
    editing.takeBack()
    vi.advanceTimersByTime(2 * undoMs)
    expect([of('a').removal, calls]).toEqual(['', []])
  })
  it('drops at once what could never be sent', () => {
    const { editing, calls, dispatch } = phone()
    dispatch({ type: 'failed', id: 'a', reason: 'heic' })
    editing.remove('a')
    expect(calls).toEqual(['drop a'])
  })
  it('copies to every photo that may still be changed', () => {
    const { editing, calls, dispatch, of } = phone()
    editing.edit('a', { site: 'hand' })
    dispatch({ type: 'frozen', id: 'b', why: 'filed' })
    expect(editing.copyToAll(of('a'))).toBe(1)
    expect([of('b').details, of('c').details, calls]).toEqual([{}, { site: 'hand' }, ['touch a', 'touch c']])
  })
  it('leaves alone a photo of an earlier life where nothing was kept', () => {
    const { editing, of } = phone(false)
    expect([editing.may(of('a')), editing.may(of('c'))]).toEqual([true, false])
    expect(editing.copyToAll(of('a'))).toBe(1)
  })
})
