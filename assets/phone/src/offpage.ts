// Photos are decoded, encoded and sealed off the page's own thread, so that it
// answers a finger meanwhile; on it where the browser has no other.

import { Refused, Unable } from './refused.ts'
import type { Ask, perform as Perform, Reply, Task } from './tools.ts'

/** A worker that says nothing for this long has died without a word. */
const silentMs = 30_000

interface Job {
  freed(): void
  done(value: object): void
  failed(why: Error): void
  timer: ReturnType<typeof setTimeout>
}

export class OffPage {
  private worker: Worker | null = null
  private jobs = new Map<number, Job>()
  private count = 0

  /** `address` is the worker's code; `here` does a task on the page. */
  constructor(address: string, private readonly here: typeof Perform) {
    if (typeof OffscreenCanvas === 'undefined' || typeof createImageBitmap === 'undefined') return
    try {
      this.worker = new Worker(address, { type: 'module' })
    } catch {
      return // no such worker in this browser
    }
    this.worker.onmessage = (e: MessageEvent<Reply>) => this.heard(e.data)
    this.worker.onerror = this.worker.onmessageerror = () => this.lose()
  }

  /** What the worker cannot do, and what it was at when it died, is done on the page. */
  async run<T extends object>(task: Task, freed: () => void = () => {}): Promise<T> {
    if (this.worker) {
      try {
        return (await this.ask(this.worker, task, freed)) as T
      } catch (err) {
        if (!(err instanceof Unable)) throw err
      }
    }
    return (await this.here(task, freed)) as T
  }

  private ask(worker: Worker, task: Task, freed: () => void): Promise<object> {
    const n = ++this.count
    return new Promise((done, failed) => {
      this.jobs.set(n, { freed, done, failed, timer: setTimeout(() => this.lose(), silentMs) })
      const ask: Ask = { ...task, n }
      worker.postMessage(ask)
    })
  }

  private heard(r: Reply): void {
    const job = this.jobs.get(r.n)
    if (!job) return
    if ('freed' in r) return job.freed()
    clearTimeout(job.timer)
    this.jobs.delete(r.n)
    if ('done' in r) job.done(r.done as object)
    else job.failed('refused' in r ? new Refused(r.refused) : new Unable())
  }

  /** Everything is done on the page from here on. */
  private lose(): void {
    this.worker?.terminate()
    this.worker = null
    for (const job of this.jobs.values()) {
      clearTimeout(job.timer)
      job.failed(new Unable())
    }
    this.jobs.clear()
  }
}
