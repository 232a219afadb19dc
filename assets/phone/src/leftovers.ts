// Earlier sessions of this phone with photos still to send: each is sent on
// under its own keys, and forgotten once nothing of it needs this phone.

import type { Sending } from './sending.ts'
import type { SessionRecord } from './store.ts'

export class Leftovers {
  private all: Sending[] = []

  constructor(private readonly changed: () => void) {}

  get pending(): number {
    return this.all.reduce((n, s) => n + s.pending, 0)
  }

  /** Photos that can still be sent, or `over`: those that can not any more. */
  held(over: boolean): number {
    return this.all.filter((s) => Boolean(s.uploader.ended) === over).reduce((n, s) => n + s.held, 0)
  }

  wake(): void {
    for (const s of this.all) s.wake(true)
  }

  /** A session that goes on sending. */
  add(s: Sending): void {
    this.all.push(s)
  }

  /** Takes up what an earlier life of the page left in the store. */
  async resume(records: SessionRecord[], make: (r: SessionRecord) => Sending): Promise<void> {
    for (const record of records) {
      const s = make(record)
      await s.uploader.restore()
      await s.changes.restore()
      if (s.uploader.photos.length === 0 && s.changes.pending === 0) {
        s.stop()
        await s.wipe()
        continue
      }
      this.add(s)
      void s.uploader.run()
    }
    this.changed()
  }

  /** One whose last photo has landed is forgotten. */
  tidy(token: string): void {
    const left = this.all.find((s) => s.record.token === token)
    if (!left || left.uploader.ended || !left.settled) return
    this.all = this.all.filter((s) => s !== left)
    left.stop()
    void left.wipe()
  }

  /** Drops the photos of those that are over. */
  async drop(): Promise<void> {
    const over = this.all.filter((s) => s.uploader.ended)
    this.all = this.all.filter((s) => !s.uploader.ended)
    for (const s of over) await s.wipe()
    this.changed()
  }
}
