// "Keep this phone": the next patient comes to the phone without a new code.

import { Problem, type NextAnswer, type NextLink } from './api.ts'
import { backoffMs } from './backoff.ts'
import { openLink } from './keptlink.ts'
import { parseFragment, parsePath, type Keys, type Place } from './link.ts'
import type { KeptRecord, Store } from './store.ts'

/** A patient whose session waits for the GP's tap. */
export interface NextPatient {
  sid: string
  n: number
  place: Place
  fragment: string
  keys: Keys
}

export interface KeepingDeps {
  store: Pick<Store, 'putKept' | 'dropKept'>
  /** The origin this page came from: a link elsewhere is no link. */
  origin: string
  ask(practice: string, key: string): Promise<NextAnswer>
  now(): number
  visible(): boolean
  changed(): void
}

const firstGapMs = 2_000
const maxGapMs = 30_000
/** So many answers in a row that prove nothing: the user is told to scan a code. */
const distrustAfter = 3

export class Keeping {
  next: NextPatient | null = null
  /** The clock, the GP or the workstation's lock has ended it. */
  over = false
  /** Links came that are not the workstation's. */
  get distrusted(): boolean {
    return this.unproved >= distrustAfter
  }

  private unproved = 0
  private attempts = 0
  private gapMs = firstGapMs
  private offsetMs: number | null = null
  private stopped = false
  private wakeUp: () => void = () => {}

  constructor(public record: KeptRecord, private readonly deps: KeepingDeps) {}

  get until(): number {
    return this.over ? 0 : this.record.until
  }

  /** Asks while the page is seen, until it is over or stop() is called. */
  async run(): Promise<void> {
    while (!this.over && !this.stopped) {
      if (this.deps.visible()) await this.look()
      if (!this.over && !this.stopped) await this.sleep()
    }
  }

  /** Asks at once if the page is seen. */
  wake(): void {
    this.gapMs = firstGapMs
    this.attempts = 0
    this.wakeUp()
  }

  stop(): void {
    this.stopped = true
    this.wakeUp()
  }

  /** The GP has tapped: this link is never taken again. Null when it was withdrawn meanwhile. */
  async take(): Promise<NextPatient | null> {
    const { next } = this
    if (!next) return null
    await this.save({ ...this.record, taken: next.n })
    this.next = null
    this.wake()
    return next
  }

  /** One question and what follows from its answer. */
  async look(): Promise<void> {
    try {
      const a = await this.deps.ask(this.record.practice, this.record.key)
      this.attempts = 0
      this.offsetMs = a.now - this.deps.now()
      if (a.until < this.record.until) await this.save({ ...this.record, until: a.until })
      await this.consider(a.next)
    } catch (err) {
      if (err instanceof Problem && err.code === 'phone-forgotten') return this.end()
      this.attempts++ // no answer, or no room to remember it: asked again
    }
    if (this.offsetMs !== null && this.deps.now() + this.offsetMs >= this.record.until) return this.end()
    this.deps.changed()
  }

  private async consider(link: NextLink | null): Promise<void> {
    if (!link || link.n === this.record.taken) {
      this.next = null
      this.unproved = 0
    } else if (link.n !== this.next?.n || link.sid !== this.next.sid) {
      this.next = await this.proved(link)
      this.unproved = this.next ? 0 : this.unproved + 1
    }
  }

  /** A link that is newer than what was taken, not older than what was shown, and the workstation's. */
  private async proved(link: NextLink): Promise<NextPatient | null> {
    const { taken, shown } = this.record
    if (!Number.isSafeInteger(link.n) || link.n <= taken || link.n < shown) return null
    const url = await openLink(this.record, link)
    const parts = url === null ? null : this.read(url)
    if (!parts) return null
    if (link.n > shown) await this.save({ ...this.record, shown: link.n }) // before anybody sees it
    return { sid: link.sid, n: link.n, ...parts }
  }

  private read(link: string): Omit<NextPatient, 'sid' | 'n'> | null {
    const [address = '', fragment = ''] = link.split('#')
    if (!address.startsWith(`${this.deps.origin}/`)) return null
    const place = parsePath(address.slice(this.deps.origin.length))
    const keys = parseFragment(fragment)
    return place && keys && place.practice === this.record.practice ? { place, fragment, keys } : null
  }

  private async end(): Promise<void> {
    this.over = true
    this.next = null
    await this.deps.store.dropKept().catch(() => undefined)
    this.deps.changed()
  }

  private async save(record: KeptRecord): Promise<void> {
    await this.deps.store.putKept(record)
    this.record = record
  }

  /** Until the next question is due; a page that is not seen waits to be woken. */
  private sleep(): Promise<void> {
    const wait = this.attempts > 0 ? backoffMs(this.attempts, firstGapMs, maxGapMs) : this.gapMs
    this.gapMs = Math.min(maxGapMs, this.gapMs * 1.5)
    const left = this.offsetMs === null ? Infinity : this.record.until - this.deps.now() - this.offsetMs
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, Math.min(wait, left)))
      this.wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
