// The phone leaves the session: it shows the wrong patient, or nobody agrees to photos.

import { Problem, type Answer } from './api.ts'
import { backoffMs } from './backoff.ts'
import { Pause } from './pause.ts'
import type { Sending } from './sending.ts'
import type { Way } from './store.ts'

export class Leaving {
  /** Whether the workstation's side has been told. */
  told = false
  /** Why it has not; '' before the first try's answer. */
  trouble = ''
  /** Photos that the computer had or was to get when the user left. */
  readonly count: number
  /** Of those, the ones that never left this phone and are gone from it. */
  dropped = 0
  private readonly pause = new Pause()

  constructor(
    private readonly sending: Sending,
    readonly way: Way,
    private readonly leave: (way: Way) => Promise<Answer>,
    private readonly changed: () => void,
  ) {
    this.count = sending.uploader.photos.filter((p) => p.state !== 'failed' && p.state !== 'gone' && p.removal !== 'asked').length
  }

  get keep(): boolean {
    return this.way !== 'discard'
  }

  /** Until the answer is there, or none can come any more. */
  async run(): Promise<void> {
    if (!this.keep) await this.discard()
    for (let attempt = 1; !this.told; attempt++) {
      try {
        this.sending.uploader.accept(await this.leave(this.way))
        this.told = true
      } catch (err) {
        const p = err instanceof Problem ? err : new Problem('offline', 0)
        if (!p.retryable) this.told = true // the session is over or another phone's: there is nobody to tell
        else await this.wait(p, attempt)
      }
      this.changed()
    }
  }

  wake(): void {
    this.pause.cut()
  }

  /** What the registry never heard of is dropped here; the rest is for the workstation to withdraw. */
  private async discard(): Promise<void> {
    const { uploader, changes } = this.sending
    for (const p of uploader.photos) {
      if (p.state === 'landed' || p.state === 'filed' || p.state === 'gone') continue
      if (uploader.announced(p.id)) {
        uploader.dispatch({ type: 'removal', id: p.id, to: 'asked' }) // is not sent any more
      } else {
        if (p.state !== 'failed') this.dropped++
        await changes.drop(p.id)
      }
    }
  }

  private wait(p: Problem, attempt: number): Promise<void> {
    this.trouble = p.code
    this.changed()
    return this.pause.wait(Math.max(p.retryAfterMs, backoffMs(attempt, 800, 15_000)))
  }
}
