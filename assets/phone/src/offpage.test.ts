import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OffPage } from './offpage.ts'
import { Refused } from './refused.ts'
import type { Ask, Reply, Task } from './tools.ts'

/** A worker that does as a test tells it. */
class FakeWorker {
  static made: FakeWorker[] = []
  asked: Ask[] = []
  ended = false
  onmessage: (e: { data: Reply }) => void = () => {}
  onerror: () => void = () => {}
  constructor() {
    FakeWorker.made.push(this)
  }
  postMessage(ask: Ask): void {
    this.asked.push(ask)
  }
  terminate(): void {
    this.ended = true
  }
  say(data: Reply): void {
    this.onmessage({ data })
  }
}

const task = (name: string): Task => ({ task: 'shrink', file: new Blob([name]), target: undefined })
const here = vi.fn(async (t: Task, freed: () => void) => (freed(), { here: t.task }))
const offPage = () => {
  const off = new OffPage('/assets/tools.js', here)
  return { off, worker: FakeWorker.made.at(-1)! }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('Worker', FakeWorker)
  vi.stubGlobal('OffscreenCanvas', class {})
  vi.stubGlobal('createImageBitmap', () => {})
  here.mockClear()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  FakeWorker.made = []
})

describe('work off the page', () => {
  it('is the worker’s, each answer for its own question', async () => {
    const { off, worker } = offPage()
    const freed = vi.fn()
    const first = off.run(task('a'), freed)
    const second = off.run(task('b'))
    const [a, b] = worker.asked.map((ask) => ask.n)
    worker.say({ n: a!, freed: true })
    expect(freed).toHaveBeenCalledOnce()
    worker.say({ n: b!, done: { of: 'b' } })
    worker.say({ n: a!, done: { of: 'a' } })
    worker.say({ n: a!, done: { of: 'nobody' } })
    expect(await Promise.all([first, second])).toEqual([{ of: 'a' }, { of: 'b' }])
    expect(here).not.toHaveBeenCalled()
  })
  it('ends with what the worker refuses', async () => {
    const { off, worker } = offPage()
    const asked = off.run(task('a'))
    worker.say({ n: worker.asked[0]!.n, refused: 'heic' })
    await expect(asked).rejects.toEqual(new Refused('heic'))
    expect(here).not.toHaveBeenCalled()
  })
  it('is the page’s where the worker cannot do it, and the next is the worker’s again', async () => {
    const { off, worker } = offPage()
    const asked = off.run(task('a'))
    worker.say({ n: worker.asked[0]!.n, unable: true })
    expect(await asked).toEqual({ here: 'shrink' })
    void off.run(task('b'))
    expect(worker.asked).toHaveLength(2)
  })
  it('is the page’s once the worker has died, all that it was at too', async () => {
    const { off, worker } = offPage()
    const asked = [off.run(task('a')), off.run(task('b'))]
    worker.onerror()
    expect(await Promise.all(asked)).toEqual([{ here: 'shrink' }, { here: 'shrink' }])
    expect(await off.run(task('c'))).toEqual({ here: 'shrink' })
    expect([worker.ended, worker.asked.length]).toEqual([true, 2])
  })
  it('is the page’s once the worker has said nothing for half a minute', async () => {
    const { off, worker } = offPage()
    const asked = off.run(task('a'))
    await vi.advanceTimersByTimeAsync(29_000)
    expect(here).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await asked).toEqual({ here: 'shrink' })
    expect(worker.ended).toBe(true)
  })
  it('is the page’s in a browser without such workers', async () => {
    vi.stubGlobal('OffscreenCanvas', undefined)
    const { off } = offPage()
    expect(await off.run(task('a'))).toEqual({ here: 'shrink' })
    expect(FakeWorker.made).toHaveLength(0)
  })
})
