import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Undo, undoMs } from './undo.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('undo', () => {
  it('removes only when the time is over, and once', () => {
    const gone: string[] = []
    const undo = new Undo((id) => gone.push(id))
    undo.add('a')
    undo.add('a')
    vi.advanceTimersByTime(undoMs - 1)
    expect(gone).toEqual([])
    vi.advanceTimersByTime(undoMs)
    expect(gone).toEqual(['a'])
    expect(undo.takeBack()).toEqual([])
  })
  it('takes back everything still open', () => {
    const gone: string[] = []
    const undo = new Undo((id) => gone.push(id))
    undo.add('a')
    vi.advanceTimersByTime(undoMs - 1000)
    undo.add('b')
    expect(undo.takeBack()).toEqual(['a', 'b'])
    vi.advanceTimersByTime(2 * undoMs)
    expect(gone).toEqual([])
  })
  it('lets each run its own time', () => {
    const gone: string[] = []
    const undo = new Undo((id) => gone.push(id))
    undo.add('a')
    vi.advanceTimersByTime(3000)
    undo.add('b')
    vi.advanceTimersByTime(2000)
    expect(gone).toEqual(['a'])
    expect(undo.takeBack()).toEqual(['b'])
  })
})
