// The page's one state and everything that changes it. The view only draws it.

import { claim, Problem, sessionAPI, type Answer, type Credentials } from './api.ts'
import { backoffMs } from './backoff.ts'
import { randomBytes, toBase64url, uuidv7 } from './bytes.ts'
import { parseFragment, parsePath, type Keys, type Place } from './link.ts'
import { put } from './put.ts'
import { counted, unsent, type Photo } from './queue.ts'
import { Refused, type Reason } from './refused.ts'
import { openStore, type SessionRecord, type Store } from './store.ts'
import { Uploader } from './uploader.ts'

export const pageVersion = '1.0.0'

export type Ending =
  | 'no-link' | 'no-fragment' | 'bad-fragment'
  | 'link-unknown' | 'link-used' | 'session-over' | 'phone-replaced'

export type Screen = { name: 'connecting' } | { name: 'session' } | { name: 'ended'; why: Ending } | { name: 'finished'; count: number }

export class Page {
  screen: Screen = { name: 'connecting' }
  place: Place | null = null
  keys: Keys | null = null
  store: Store | null = null
  uploader: Uploader | null = null
  /** Earlier sessions of this phone with photos still to send. */
  leftovers: { uploader: Uploader; record: SessionRecord }[] = []
  connectTrouble = ''
  /** Photos not taken up because the session was full. */
  notAdded = 0
  private record: SessionRecord | null = null
  private work: Promise<void> = Promise.resolve()
  private listeners = new Set<() => void>()
  private cutShort: () => void = () => {}

  subscribe(f: () => void): () => void {
    this.listeners.add(f)
    return () => this.listeners.delete(f)
  }

  readonly changed = (): void => {
    const u = this.uploader
    if (u?.ended && this.screen.name === 'session') {
      this.screen = { name: 'ended', why: u.ended }
      if (unsent(u.photos).length === 0) void this.wipe() // nothing left to send: leave nothing on the phone
    }
    for (const f of this.listeners) f()
  }

  get photos(): Photo[] {
    return this.uploader?.photos ?? []
  }

  /** Photos that exist nowhere but on this phone, of every session. */
  get pending(): number {
    return [this.uploader, ...this.leftovers.map((l) => l.uploader)].reduce((n, u) => n + (u ? unsent(u.photos).length : 0), 0)
  }

  get canShoot(): boolean {
    const s = this.uploader?.status
    return Boolean(this.keys && s && (s.state === 'paired' || s.state === 'waiting'))
  }

  get roomLeft(): number {
    return Math.max(0, (this.uploader?.status?.maxImages ?? 0) - counted(this.photos))
  }

  now = (): number => Date.now()

  async start(): Promise<void> {
    this.place = parsePath(location.pathname)
    if (!this.place) return this.end('no-link')
    const { token } = this.place
    const fragment = takeFragment(token)
    this.keys = parseFragment(fragment)
    this.store = await openStore(globalThis.indexedDB)
    const records = await this.store.sessions()
    this.record = records.find((r) => r.token === token) ?? recall(token)
    if (!this.keys && !this.record?.sid) {
      forget(token)
      return this.end(fragment ? 'bad-fragment' : 'no-fragment')
    }
    void this.resume(records.filter((r) => r.token !== token && r.sid))
    await this.join(this.place)
  }

  /** Called when the page is seen again or the network is back. */
  wake(): void {
    this.cutShort()
    this.uploader?.wake(true)
    for (const l of this.leftovers) l.uploader.wake(true)
    this.changed()
  }

  /** Takes up photos as the camera or the library hands them over. */
  add(files: File[], source: 'camera' | 'library'): void {
    const u = this.uploader
    if (!u || !this.keys) return
    const taken = files.slice(0, this.roomLeft)
    this.notAdded = files.length - taken.length
    taken.forEach((file, i) => {
      const takenAt = this.now() + u.offsetMs + i
      const id = uuidv7(takenAt)
      u.dispatch({ type: 'shot', id, order: takenAt })
      // One at a time: two decoded 12-megapixel photos can cost the tab its life.
      this.work = this.work.then(() => this.prepare(u, id, file, takenAt, source))
    })
    this.changed()
  }

  /** Takes a photo that can never be sent off the list. */
  async dismiss(id: string): Promise<void> {
    await this.store?.dropImage(id)
    this.uploader?.dispatch({ type: 'forget', id })
  }

  /** Says goodbye and leaves nothing on the phone. */
  async finish(): Promise<void> {
    const u = this.uploader
    if (!u || !this.record) return
    const count = u.photos.filter((p) => p.state === 'landed' || p.state === 'filed').length
    const { done } = sessionAPI(credentials(this.record))
    this.screen = { name: 'finished', count }
    this.changed()
    u.stop()
    await this.wipe()
    await done().catch(() => undefined) // a courtesy: the workstation learns the end by itself
  }

  /** Drops what cannot be sent any more, by the user's choice. */
  async discardAll(): Promise<void> {
    await this.wipe()
    this.uploader!.photos = []
    this.changed()
  }

  private end(why: Ending): void {
    this.screen = { name: 'ended', why }
    this.changed()
  }

  private async join(place: Place): Promise<void> {
    const record = this.record ?? { token: place.token, practice: place.practice, phoneKey: toBase64url(randomBytes(32)), sid: '' }
    this.record = record
    await this.remember(record) // before the claim: a lost answer must find the same key again
    const claimed = () => claim(place.practice, place.token, record.phoneKey)
    const answer = await this.untilAnswered(async () => {
      if (!record.sid) return claimed()
      try {
        return await sessionAPI(credentials(record)).status()
      } catch (err) {
        // A registry that lost this phone does not know it until it claims again.
        if (err instanceof Problem && err.code === 'phone-replaced') return claimed()
        throw err
      }
    })
    if (!answer) return
    record.sid = answer.session.sid
    await this.remember(record)
    const u = this.makeUploader(record)
    await u.restore()
    this.uploader = u
    this.screen = { name: 'session' }
    u.accept(answer)
    void u.run()
    void loadTools().catch(() => undefined) // after the first paint, ready before the shutter
  }

  /** Repeats a call until it is answered; null when the answer ends everything. */
  private async untilAnswered(ask: () => Promise<Answer>): Promise<Answer | null> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask()
      } catch (err) {
        const p = err instanceof Problem ? err : new Problem('offline', 0)
        const why = endings[p.code]
        if (why && !p.retryable) {
          await this.forgetEnded(why)
          this.end(why)
          return null
        }
        this.connectTrouble = p.code
        this.changed()
        await this.pause(Math.max(p.retryAfterMs, backoffMs(attempt, 800, 15_000)))
      }
    }
  }

  /** Nothing of a session that is over stays, unless photos are still held. */
  private async forgetEnded(why: Ending): Promise<void> {
    const r = this.record
    if (!r) return
    if (r.sid) {
      const u = this.makeUploader(r)
      await u.restore()
      this.uploader = u
      if (u.photos.length > 0) return
    }
    if (why !== 'link-used') await this.wipe()
  }

  private async resume(records: SessionRecord[]): Promise<void> {
    for (const record of records) {
      const u = this.makeUploader(record)
      await u.restore()
      if (u.photos.length === 0) {
        await this.store!.dropSession(record.token)
        continue
      }
      this.leftovers.push({ uploader: u, record })
      void u.run()
    }
    this.changed()
  }

  private makeUploader(r: SessionRecord): Uploader {
    return new Uploader({
      sid: r.sid,
      api: sessionAPI(credentials(r)),
      store: this.store!,
      put,
      reclaim: () => claim(r.practice, r.token, r.phoneKey),
      now: this.now,
      visible: () => document.visibilityState === 'visible',
      changed: () => this.tidied(r.token),
    })
  }

  /** An earlier session whose last photo has landed is forgotten. */
  private tidied(token: string): void {
    const left = this.leftovers.find((l) => l.record.token === token)
    if (left && !left.uploader.ended && left.uploader.photos.every((p) => !p.held)) {
      this.leftovers = this.leftovers.filter((l) => l !== left)
      left.uploader.stop()
      void this.store!.dropSession(token)
    }
    this.changed()
  }

  /** Drops the photos of an earlier session that is over. */
  async dropLeftovers(): Promise<void> {
    const over = this.leftovers.filter((l) => l.uploader.ended)
    this.leftovers = this.leftovers.filter((l) => !l.uploader.ended)
    for (const { uploader, record } of over) {
      for (const p of uploader.photos) await this.store!.dropImage(p.id)
      await this.store!.dropSession(record.token)
    }
    this.changed()
  }

  private async prepare(u: Uploader, id: string, file: File, takenAt: number, source: 'camera' | 'library'): Promise<void> {
    try {
      const { shrink, seal } = await this.tools()
      const small = await shrink(file)
      if (small.thumb) u.dispatch({ type: 'thumb', id, url: URL.createObjectURL(small.thumb) })
      const { recipient, secret } = this.keys!
      const { sealed, sha256 } = await seal(
        { recipient, secret, sid: this.record!.sid },
        {
          imageId: id, takenAt: withZone(takenAt), width: small.width, height: small.height,
          originalType: small.originalType, originalBytes: small.originalBytes, source, page: pageVersion,
        },
        small.jpeg,
      )
      if (sealed.length > (u.status?.maxBytes ?? Infinity)) throw new Refused('too-large')
      const kept = { id, sid: this.record!.sid, order: takenAt, bytes: sealed.length, sha256, sealed: sealed.slice().buffer }
      await this.store!.putImage(kept) // before any upload: from here a killed tab loses nothing
      u.dispatch({ type: 'sealed', ...kept })
      u.wake()
    } catch (err) {
      const reason: Reason = err instanceof Refused ? err.reason : 'memory'
      u.dispatch({ type: 'failed', id, reason })
    }
  }

  /** The sealing and compressing code, asked for until it is there. */
  private async tools() {
    for (let attempt = 1; ; attempt++) {
      try {
        return await loadTools()
      } catch {
        await this.pause(backoffMs(attempt, 800, 10_000))
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.cutShort = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private async remember(r: SessionRecord): Promise<void> {
    stash(`cp-key:${r.token}`, JSON.stringify(r))
    await this.store!.putSession({ ...r }).catch(() => undefined)
  }

  private async wipe(): Promise<void> {
    for (const p of this.photos) {
      if (p.thumb) URL.revokeObjectURL(p.thumb)
      await this.store?.dropImage(p.id).catch(() => undefined)
    }
    if (this.place) {
      forget(this.place.token)
      await this.store?.dropSession(this.place.token).catch(() => undefined)
    }
    this.keys = null
  }
}

const endings: Record<string, Ending> = {
  'link-unknown': 'link-unknown',
  'link-used': 'link-used',
  'session-over': 'session-over',
  'session-draining': 'session-over',
  'phone-replaced': 'phone-replaced',
  'bad-request': 'bad-fragment',
}

const credentials = (r: SessionRecord): Credentials => ({ practice: r.practice, sid: r.sid, phoneKey: r.phoneKey })

async function loadTools() {
  const [{ shrink }, { seal }] = await Promise.all([import('./compress.ts'), import('./envelope.ts')])
  return { shrink, seal }
}

/** Out of the address bar, history and screenshots; kept for this tab only. */
function takeFragment(token: string): string {
  const fresh = location.hash.slice(1)
  if (fresh) {
    stash(`cp:${token}`, fresh)
    history.replaceState(null, '', location.pathname)
    return fresh
  }
  try {
    return sessionStorage.getItem(`cp:${token}`) ?? ''
  } catch {
    return ''
  }
}

function stash(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value)
  } catch {
    // Refused: the page's memory and IndexedDB still have it.
  }
}

function recall(token: string): SessionRecord | null {
  try {
    return JSON.parse(sessionStorage.getItem(`cp-key:${token}`) ?? 'null') as SessionRecord | null
  } catch {
    return null
  }
}

function forget(token: string): void {
  try {
    sessionStorage.removeItem(`cp:${token}`)
    sessionStorage.removeItem(`cp-key:${token}`)
  } catch {
    // Never stored.
  }
}

/** ISO 8601 with the phone's own offset. */
export function withZone(ms: number, offsetMinutes: number = -new Date(ms).getTimezoneOffset()): string {
  const local = new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, -1)
  const abs = Math.abs(offsetMinutes)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`
}
