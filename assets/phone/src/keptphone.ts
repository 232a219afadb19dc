// This phone as one that a workstation may keep: what it offers, and when it is kept.

import { claim, next, Problem, type Status } from './api.ts'
import { backoffMs } from './backoff.ts'
import { Keeping, type NextPatient } from './keeping.ts'
import { keepOffer, makeKept } from './keptlink.ts'
import type { Sending } from './sending.ts'
import type { KeptRecord, Store } from './store.ts'

/** No phone is kept for longer, whatever a gateway says. */
const longestMs = 16 * 3_600_000

export class KeptPhone {
  private keeping: Keeping | null = null
  private heardUntil = 0

  constructor(private readonly store: Store, private readonly changed: () => void) {}

  /** Milliseconds by the registry's clock; 0: not kept. */
  get until(): number {
    return this.keeping?.until ?? 0
  }

  get next(): NextPatient | null {
    return this.keeping?.next ?? null
  }

  /** It was kept in this life of the page, and is no more. */
  get over(): boolean {
    return this.keeping?.over ?? false
  }

  /** Links came that are not the workstation's: the next patient needs a code. */
  get distrusted(): boolean {
    return this.keeping?.distrusted ?? false
  }

  wake(): void {
    this.keeping?.wake()
  }

  take(): Promise<NextPatient | null> {
    return this.keeping?.take() ?? Promise.resolve(null)
  }

  /** Takes up what an earlier life of the page, or the workstation, has begun. */
  begin(record: KeptRecord): void {
    this.keeping?.stop()
    this.keeping = new Keeping(record, {
      store: this.store,
      origin: location.origin,
      ask: next,
      now: Date.now,
      visible: () => document.visibilityState === 'visible',
      changed: this.changed,
    })
    void this.keeping.run()
  }

  /** Claims once more, with what the workstation may keep this phone by; `remember` is to save the session's record. */
  async offer(s: Sending, remember: () => Promise<void>): Promise<void> {
    const { record, uploader, keys } = s
    if (!keys || record.offered) return
    record.keep ??= makeKept(keys.secret)
    await remember() // before the offer: a killed tab must know the keys that are kept
    const offer = keepOffer(record.keep, keys.secret, record.token)
    for (let attempt = 1; !uploader.over; attempt++) {
      try {
        const answer = await claim(record.practice, record.token, record.phoneKey, offer)
        record.offered = true // before the answer is taken up: from here on the page asks whether it is kept
        uploader.accept(answer)
        uploader.wake()
        return await remember()
      } catch (err) {
        if (err instanceof Problem && !err.retryable) return
        await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, 2_000)))
      }
    }
  }

  /** What the session's status says: kept, for longer, or no more. */
  heard({ record, uploader: { status } }: Sending): void {
    const until = status?.kept ?? 0
    if (!status || !record.keep || until === this.heardUntil) return
    this.heardUntil = until
    if (until === 0) this.wake() // "forget phone": the question will say so
    else void this.keep({ ...record.keep, practice: record.practice, sid: status.sid, until: boundedUntil(status), taken: 0, shown: 0 })
  }

  private async keep(r: KeptRecord): Promise<void> {
    const before = this.keeping?.record
    const record = before?.key === r.key ? { ...r, taken: before.taken, shown: before.shown } : r
    await this.store.putKept(record).catch(() => undefined) // refused: kept until the page is closed
    this.begin(record)
    this.changed()
  }
}

const boundedUntil = ({ kept = 0, now }: Status): number => Math.min(kept, now + longestMs)
