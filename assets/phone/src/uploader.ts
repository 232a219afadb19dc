// Sends the sealed photos of one session and learns what became of them.

import { Problem, type Answer, type SessionAPI, type Status, type Upload } from './api.ts'
import { backoffMs, firstPollMs, landingPollMs, nextPollMs } from './backoff.ts'
import type { PutResult } from './put.ts'
import { counted, ready, reduce, releasable, unsent, type Event, type Photo } from './queue.ts'
import type { Reason } from './refused.ts'
import type { Store } from './store.ts'

export interface UploaderDeps {
  sid: string
  api: SessionAPI
  store: Store
  /** Claims the session again with the same key, where the link is still known. */
  reclaim?: (() => Promise<Answer>) | undefined
  put(url: string, headers: Record<string, string>, bytes: Uint8Array, onProgress: (f: number) => void): Promise<PutResult>
  now(): number
  visible(): boolean
  changed(): void
  /** Whether the status is wanted though no photo waits for it. */
  curious?(): boolean
  /** Every status, as it is taken in. */
  heard?(s: Status): void
}

const atOnce = 2
const batch = 20
/** A link is not started on when it has less than this left. */
const linkMarginMs = 10_000

export class Uploader {
  photos: Photo[] = []
  status: Status | null = null
  /** Server time minus this phone's. */
  offsetMs = 0
  /** Why the last call got no useful answer; '' when it did. */
  trouble = ''
  /** Set once no call can ever work again. */
  ended: '' | 'session-over' | 'phone-replaced' = ''

  private links = new Map<string, Upload>()
  private running = 0
  private attempts = 0
  private callAt = 0
  private pollGap = firstPollMs
  private pollAt = Infinity
  private oneByOne = false
  private reclaimed = false
  /** How often in a row the registry did not know the code when this phone claimed again. */
  private codeUnknown = 0
  private stopped = false
  private wakeUp: () => void = () => {}
  private releasing = new Set<string>()
  private named = new Set<string>()

  constructor(private readonly deps: UploaderDeps) {}

  /** Takes up what an earlier life of the page left in the store. */
  async restore(): Promise<void> {
    for (const r of await this.deps.store.images(this.deps.sid)) this.dispatch({ type: 'sealed', ...r })
  }

  /** Whether the registry may know the image: a photo it never heard of can be dropped here and now. */
  announced(id: string): boolean {
    return this.named.has(id) || Boolean(this.status?.images?.some((i) => i.id === id))
  }

  dispatch(e: Event): void {
    this.photos = reduce(this.photos, e)
    this.deps.changed()
  }

  /** Looks for work at once; `fresh` also forgets every wait, and asks for the status. */
  wake(fresh = false): void {
    if (fresh) {
      this.callAt = 0
      this.attempts = 0
      this.photos = this.photos.map((p) => (p.retryAt ? { ...p, retryAt: 0 } : p))
      this.pollNow()
    }
    this.wakeUp()
  }

  stop(): void {
    this.stopped = true
    this.wakeUp()
  }

  /** How many photos the session still takes. */
  get room(): number {
    return Math.max(0, (this.status?.maxImages ?? 0) - counted(this.photos))
  }

  /** Nothing more is sent or asked. */
  get over(): boolean {
    return this.stopped || this.ended !== ''
  }

  /** Runs until stop() or the session is over for this phone. */
  async run(): Promise<void> {
    while (!this.over) {
      const wait = await this.step()
      if (wait > 0) await this.sleep(wait)
    }
  }

  accept(a: Answer): void {
    this.status = a.session
    this.offsetMs = a.session.now - this.deps.now()
    const before = this.photos
    for (const u of a.uploads ?? []) if (u.url) this.links.set(u.id, u)
    const known = (a.uploads ?? []).filter((u) => !u.url).map(({ id, state }) => ({ id, state }))
    const images = [...(a.session.images ?? []), ...known.filter((k) => !a.session.images?.some((i) => i.id === k.id))]
    this.dispatch({ type: 'status', status: { ...a.session, images } })
    this.deps.heard?.(a.session)
    const moved = this.photos.some((p, i) => p.state !== before[i]?.state)
    const landing = this.photos.some((p) => p.state === 'stored')
    this.pollGap = !moved ? nextPollMs(this.pollGap) : landing ? landingPollMs : firstPollMs
    const open = (p: Photo) => ['put', 'stored', 'landed'].includes(p.state) || (p.removal === 'asked' && p.state !== 'gone')
    const asks = this.photos.some(open) || (a.session.state === 'paired' && this.deps.curious?.())
    this.pollAt = asks ? this.deps.now() + this.pollGap : Infinity
    // What was captured before the end may still be sent while the draining lasts.
    const late = a.session.state === 'closed' && a.session.now < a.session.drainUntil && unsent(this.photos).length > 0
    if (a.session.state === 'expired' || (a.session.state === 'closed' && !late)) this.ended = 'session-over'
    this.deps.changed()
    void this.release()
  }

  private pollNow(): void {
    this.pollGap = firstPollMs
    this.pollAt = 0
  }

  /** Does what can be done now; returns how long nothing more can be. */
  private async step(): Promise<number> {
    const now = this.deps.now()
    const waiting = ready(this.photos, now)
    for (const p of waiting) {
      const link = this.links.get(p.id)
      if (!link || this.running >= atOnce) continue
      if ((link.expires ?? 0) - linkMarginMs < now + this.offsetMs) this.links.delete(p.id)
      else void this.send(p, link)
    }
    if (now >= this.callAt) {
      const stored = this.photos.filter((p) => p.state === 'put' && p.retryAt <= now)
      const asked = ready(this.photos, now).filter((p) => !this.links.has(p.id))
      if (stored.length || asked.length) return this.call(stored, asked)
      if (now >= this.pollAt && this.deps.visible()) return this.poll()
    }
    return this.nextDue(now)
  }

  private nextDue(now: number): number {
    const times = this.photos.filter((p) => p.retryAt > now).map((p) => p.retryAt)
    if (this.callAt > now) times.push(this.callAt)
    else if (this.deps.visible()) times.push(this.pollAt)
    return Math.max(20, Math.min(60_000, ...times.map((t) => t - now)))
  }

  private async send(p: Photo, link: Upload): Promise<void> {
    this.running++
    this.links.delete(p.id)
    this.dispatch({ type: 'sending', id: p.id })
    let result: PutResult = 'again'
    try {
      const sealed = await this.deps.store.sealed(p.id)
      if (sealed) {
        const begun = this.deps.now()
        const progress = (fraction: number) => {
          const seconds = (this.deps.now() - begun) / 1000
          this.dispatch({ type: 'progress', id: p.id, fraction, ...(seconds > 0.3 && { speed: (fraction * p.bytes) / seconds }) })
        }
        result = await this.deps.put(link.url!, link.headers ?? {}, new Uint8Array(sealed), progress)
      }
    } catch {
      // The store did not answer: the same wait as for the network.
    } finally {
      this.running--
    }
    if (result === 'stored') this.dispatch({ type: 'put', id: p.id })
    else this.again(p.id)
    this.wakeUp()
  }

  private again(id: string): void {
    const attempts = (this.photos.find((p) => p.id === id)?.attempts ?? 0) + 1
    this.dispatch({ type: 'again', id, retryAt: this.deps.now() + backoffMs(attempts) })
  }

  private async call(stored: Photo[], asked: Photo[]): Promise<number> {
    let reports = stored.slice(0, batch)
    let wants = asked.slice(0, batch)
    if (this.oneByOne) {
      reports = reports.slice(0, 1)
      wants = reports.length ? [] : wants.slice(0, 1)
    }
    const ids = reports.map((p) => p.id)
    for (const { id } of wants) this.named.add(id)
    const next = wants.map(({ id, bytes, sha256 }) => ({ id, bytes, sha256 }))
    try {
      this.answered(await (ids.length ? this.deps.api.stored(ids, next) : this.deps.api.uploads(next)))
      // An id that was answered with neither link nor state would be asked for at once, for ever.
      for (const p of wants) if (!this.links.has(p.id) && this.photos.some((q) => q.id === p.id && q.state === 'queued')) this.again(p.id)
    } catch (err) {
      await this.failed(err, reports, wants)
    }
    return 0
  }

  private async poll(): Promise<number> {
    try {
      this.answered(await this.deps.api.status())
    } catch (err) {
      await this.failed(err, [], [])
    }
    return 0
  }

  /**
   * A registry that was lost before the computer had heard of this phone comes
   * back without it: the same key claims again, and if another phone really
   * has the session the answer says so. A code that is not known is asked for
   * once more: the registry may have been lost again, or another code is shown.
   */
  private async claimAgain(): Promise<boolean> {
    const { reclaim } = this.deps
    if (!reclaim || this.reclaimed) return false
    this.reclaimed = true
    try {
      const a = await reclaim()
      if (a.session.sid !== this.deps.sid) return false
      this.taken(a)
      return true
    } catch (err) {
      if (!(err instanceof Problem)) return false
      if (err.code === 'link-unknown' ? ++this.codeUnknown > 1 : !err.retryable) return false
      this.reclaimed = false // no answer is not a no
      this.wait(err)
      return true
    }
  }

  private wait(problem: Problem): void {
    this.trouble = problem.code
    this.attempts++
    this.callAt = this.deps.now() + Math.max(problem.retryAfterMs, backoffMs(this.attempts))
  }

  private answered(a: Answer): void {
    this.reclaimed = false
    this.taken(a)
  }

  private taken(a: Answer): void {
    this.codeUnknown = 0
    this.trouble = ''
    this.attempts = 0
    this.accept(a)
  }

  private async failed(err: unknown, reports: Photo[], wants: Photo[]): Promise<void> {
    const problem = err instanceof Problem ? err : new Problem('offline', 0)
    switch (problem.code) {
      case 'phone-replaced':
        if (!(await this.claimAgain())) this.ended = problem.code
        break
      case 'session-over':
        this.ended = problem.code
        break
      case 'session-draining':
      case 'too-many-images':
      case 'image-too-large':
      case 'bad-request':
        this.refusedBatch(problem.code, reports, wants)
        break
      case 'not-uploaded':
      case 'image-mismatch':
        if (reports.length + wants.length > 1) this.oneByOne = true
        else for (const p of reports) this.refusedReport(problem.code, p)
        break
      default: // retryable, or unknown to this page: waiting loses nothing
        this.wait(problem)
    }
    this.deps.changed()
  }

  /** A batch is refused as a whole: ask one by one, so that only the culprit fails. */
  private refusedBatch(code: string, reports: Photo[], wants: Photo[]): void {
    const [only] = wants
    if (reports.length + wants.length > 1) {
      this.oneByOne = true
    } else if (only) {
      this.dispatch({ type: 'failed', id: only.id, reason: reasonOf[code] ?? 'mismatch' })
      this.pollNow() // the status says what the session still allows
    } else {
      for (const p of reports) this.again(p.id)
    }
  }

  private refusedReport(code: string, p: Photo): void {
    const tries = this.photos.find((q) => q.id === p.id)?.attempts ?? 0
    if (code === 'image-mismatch' && tries >= 3) this.dispatch({ type: 'failed', id: p.id, reason: 'mismatch' })
    else this.again(p.id)
  }

  /** The phone lets go last: only of what the registry says is on the computer. */
  private async release(): Promise<void> {
    for (const p of releasable(this.photos)) {
      if (this.releasing.has(p.id)) continue
      this.releasing.add(p.id)
      try {
        await this.deps.store.dropImage(p.id)
        this.dispatch({ type: 'dropped', id: p.id })
      } finally {
        this.releasing.delete(p.id)
      }
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

const reasonOf: Record<string, Reason> = {
  'session-draining': 'closed',
  'too-many-images': 'too-many',
  'image-too-large': 'too-large',
  'bad-request': 'mismatch',
}
