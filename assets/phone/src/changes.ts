// What is said about photos after they were sealed: amendments of their
// details, and removals. Kept in the store until the workstation has them.

import { Problem, type Amendment, type Answer, type SessionAPI, type Status } from './api.ts'
import { backoffMs } from './backoff.ts'
import { same, tidy, type Details } from './details.ts'
import type { Event, Photo } from './queue.ts'
import type { ChangeRecord, Store } from './store.ts'

export interface Sealer {
  amend(id: string, n: number, details: Details): Promise<Amendment>
  keep(id: string, details: Details): Promise<ArrayBuffer>
  read(id: string, own: ArrayBuffer): Promise<Details | null>
}

export interface ChangesDeps {
  sid: string
  api: Pick<SessionAPI, 'amend' | 'retract'>
  store: Store
  now(): number
  photos(): Photo[]
  dispatch(e: Event): void
  announced(id: string): boolean
  accept(a: Answer): void
  /** Null without the link's keys: what is sealed is still sent, nothing new is. */
  sealer(): Sealer | null
}

/** Typing is over when nothing has come for this long. */
export const quietMs = 1_000

interface Row extends ChangeRecord {
  /** What the last seal said: of the image itself, or of its last amendment; null when an earlier life of the page took that along. */
  base: Details | null
  /** `own` is being written. */
  keeping: boolean
  /** When a new amendment is due; 0: none. */
  dueAt: number
  attempts: number
  retryAt: number
}

export class Changes {
  /** Why the last call got no useful answer; '' when it did. */
  trouble = ''
  private rows = new Map<string, Row>()
  private shown = new Map<string, number>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private busy = false
  private stopped = false

  constructor(private readonly deps: ChangesDeps) {}

  /** Takes up what an earlier life of the page left; after the first status. */
  async restore(): Promise<void> {
    const kept = await this.deps.store.changes(this.deps.sid)
    for (const r of kept) {
      this.rows.set(r.id, { ...r, base: {}, keeping: false, dueAt: 0, attempts: 0, retryAt: 0 })
      if (r.remove) this.deps.dispatch({ type: 'removal', id: r.id, to: 'wanted' })
    }
    this.wake()
    for (const r of kept) await this.recall(r)
  }

  /** Shows again what was said of a photo, as far as the link's keys allow. */
  private async recall(r: ChangeRecord): Promise<void> {
    const details = r.own.byteLength > 0 ? await this.deps.sealer()?.read(r.id, r.own) : null
    const row = this.rows.get(r.id)
    if (!details || !row || row.dueAt > 0) return
    row.base = r.draft ? null : details
    this.deps.dispatch({ type: 'details', id: r.id, details })
    this.deps.dispatch({ type: 'made', id: r.id, n: r.n })
    if (r.draft) this.touch(r.id)
  }

  /** Changes on this phone that the registry has not confirmed. */
  get pending(): number {
    return [...this.rows.values()].filter((r) => r.dueAt > 0 || this.unsent(r) || r.remove).length
  }

  /** The image was sealed with these details inside. */
  async sealedWith(id: string, details: Details): Promise<void> {
    const row = this.row(id)
    row.base = tidy(details)
    const sealer = this.deps.sealer()
    if (sealer && Object.keys(row.base).length > 0) {
      row.own = await sealer.keep(id, row.base)
      await this.save(row)
    }
    this.wake()
  }

  /** The photo's details were changed: kept on this phone at once, and an amendment follows when the typing is over. */
  touch(id: string): void {
    const row = this.row(id)
    row.dueAt = this.deps.now() + quietMs
    if (!row.keeping) void this.keepDraft(row)
    this.wake()
  }

  /** Keeps what was typed, and what is typed meanwhile: a tab can die between two letters. */
  private async keepDraft(row: Row): Promise<void> {
    const sealer = this.deps.sealer()
    row.keeping = true
    try {
      for (let kept: Details | undefined; sealer && row.dueAt > 0; ) {
        const photo = this.photo(row.id)
        if (!photo || photo.state === 'preparing' || photo.details === kept) return
        kept = photo.details
        const own = await sealer.keep(row.id, tidy(kept))
        if (row.dueAt === 0) return // sealed meanwhile
        Object.assign(row, { own, draft: true })
        await this.save(row)
      }
    } finally {
      row.keeping = false
    }
  }

  /** The user has removed the photo, and the undo time is over. */
  async remove(id: string): Promise<void> {
    const row = this.row(id)
    row.remove = true
    this.deps.dispatch({ type: 'removal', id, to: 'wanted' })
    await this.save(row)
    this.wake()
  }

  /** Takes a photo that exists only on this phone off it. */
  async drop(id: string): Promise<void> {
    this.deps.dispatch({ type: 'forget', id })
    await this.forget(id)
    await this.deps.store.dropImage(id)
  }

  async forget(id: string): Promise<void> {
    this.rows.delete(id)
    await this.deps.store.dropChange(id).catch(() => undefined)
  }

  /** Seals at once what was typed: the tab may be about to die. */
  async flush(): Promise<void> {
    for (const row of this.rows.values()) if (row.dueAt > 0) await this.seal(row)
  }

  heard(status: Status): void {
    for (const i of status.images ?? []) {
      this.shown.set(i.id, i.details ?? 0)
      const row = this.rows.get(i.id)
      if (!row) continue
      const over = i.state === 'filed' || i.state === 'retracted' || i.state === 'discarded' || i.state === 'quarantined'
      if (over) void this.forget(i.id)
      else if (row.remove && (i.retractWanted || i.refused)) {
        row.remove = false
        void this.save(row)
      }
    }
  }

  /** Does at once what is due; `fresh` forgets every wait. */
  wake(fresh = false): void {
    if (fresh) for (const r of this.rows.values()) r.retryAt = 0
    clearTimeout(this.timer)
    if (!this.stopped) this.timer = setTimeout(() => void this.pump(), Math.min(60_000, Math.max(0, this.nextDue() - this.deps.now())))
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }

  private row(id: string): Row {
    let row = this.rows.get(id)
    if (!row) {
      const blank = { sid: this.deps.sid, n: 0, sealed: '', mac: '', own: new ArrayBuffer(0), draft: false, remove: false }
      row = { id, ...blank, base: {}, keeping: false, dueAt: 0, attempts: 0, retryAt: 0 }
      this.rows.set(id, row)
    }
    return row
  }

  private unsent = (r: Row): boolean => r.sealed !== '' && r.n > (this.shown.get(r.id) ?? 0)

  private photo = (id: string): Photo | undefined => this.deps.photos().find((p) => p.id === id)

  /** A photo this page does not list has landed in an earlier life of it. */
  private sendable = (r: Row): boolean => (this.unsent(r) || r.remove) && (this.deps.announced(r.id) || !this.photo(r.id))

  private nextDue(): number {
    const times = [...this.rows.values()].flatMap((r) => {
      const due = r.dueAt > 0 ? [r.dueAt] : []
      // What waits for its image's announcement is looked at twice a second.
      return this.unsent(r) || r.remove ? [...due, this.sendable(r) ? r.retryAt : this.deps.now() + 500] : due
    })
    return Math.min(Infinity, ...times)
  }

  private async pump(): Promise<void> {
    if (this.busy || this.stopped) return
    this.busy = true
    try {
      for (const row of [...this.rows.values()]) {
        if (row.dueAt > 0 && row.dueAt <= this.deps.now()) await this.seal(row)
        if (this.sendable(row) && row.retryAt <= this.deps.now() && !this.stopped) await this.send(row)
      }
    } finally {
      this.busy = false
      this.wake()
    }
  }

  private async seal(row: Row): Promise<void> {
    const photo = this.photo(row.id)
    const sealer = this.deps.sealer()
    const due = row.dueAt
    if (photo?.state === 'preparing') {
      row.dueAt = this.deps.now() + quietMs // the image is about to be sealed, with these details inside
      return
    }
    if (!photo || !sealer) {
      row.dueAt = 0
      return
    }
    if (row.base && same(photo.details, row.base)) {
      row.dueAt = 0
      if (row.draft) await this.takenBack(row, sealer, row.base)
      return
    }
    const details = tidy(photo.details)
    const n = Math.max(row.n, this.shown.get(row.id) ?? 0) + 1
    const [amendment, own] = await Promise.all([sealer.amend(row.id, n, details), sealer.keep(row.id, details)])
    Object.assign(row, amendment, { own, base: details, attempts: 0, retryAt: 0 })
    const more = row.dueAt !== due // typed meanwhile
    if (!more) Object.assign(row, { dueAt: 0, draft: false })
    await this.save(row)
    if (more && !row.keeping) void this.keepDraft(row)
    this.deps.dispatch({ type: 'made', id: row.id, n })
  }

  /** What was kept while typing must not outlive the user's second thought. */
  private async takenBack(row: Row, sealer: Sealer, to: Details): Promise<void> {
    Object.assign(row, { own: await sealer.keep(row.id, to), draft: false })
    await this.save(row)
  }

  private async send(row: Row): Promise<void> {
    const { n, sealed, mac, remove } = row
    try {
      const answer = await (remove ? this.deps.api.retract(row.id) : this.deps.api.amend(row.id, { n, sealed, mac }))
      this.trouble = ''
      this.deps.accept(answer)
      if (this.sendable(row)) this.later(row) // answered, but the registry does not show it yet
    } catch (err) {
      this.failed(row, err instanceof Problem ? err : new Problem('offline', 0))
    }
  }

  private later(row: Row, atLeastMs = 0): void {
    row.attempts++
    row.retryAt = this.deps.now() + Math.max(atLeastMs, backoffMs(row.attempts))
  }

  private failed(row: Row, p: Problem): void {
    if (row.remove && p.code === 'image-unknown') return void this.drop(row.id) // nobody ever heard of it
    const final = ['image-filed', 'bad-request', 'image-mismatch', 'session-over'].includes(p.code)
    if (final && !row.remove) {
      row.sealed = ''
      row.dueAt = 0
      this.deps.dispatch({ type: 'frozen', id: row.id, why: p.code === 'image-filed' ? 'filed' : 'unsaved' })
      void this.save(row)
      return
    }
    if (final) {
      row.remove = false
      this.deps.dispatch({ type: 'removal', id: row.id, to: 'refused' })
      void this.save(row)
      return
    }
    this.trouble = p.retryable ? p.code : ''
    this.later(row, p.retryAfterMs)
    this.deps.dispatch({ type: 'made', id: row.id, n: row.n }) // so that the page shows the trouble
  }

  private async save(row: Row): Promise<void> {
    const { id, sid, n, sealed, mac, own, draft, remove } = row
    if (this.stopped || this.rows.get(id) !== row) return // forgotten meanwhile: nothing of it may stay
    await this.deps.store.putChange({ id, sid, n, sealed, mac, own, draft, remove })
  }
}
