// The page's one state and everything that changes it. The view only draws it.

import { claim, sessionAPI, type Asks } from './api.ts'
import { uuidv7 } from './bytes.ts'
import { asksConsent, type ConsentBy } from './consent.ts'
import type { Details } from './details.ts'
import { Editing } from './editing.ts'
import type { KeptPhone } from './keptphone.ts'
import { entry, untilAnswered } from './joining.ts'
import { Leaving } from './leaving.ts'
import { Leftovers } from './leftovers.ts'
import { parseFragment, parsePath, type Keys, type Place } from './link.ts'
import { Pause } from './pause.ts'
import { enlarge, loadTools, prepare, untilLoaded, withZone, type InTurn } from './prepare.ts'
import { unsent, type Photo } from './queue.ts'
import { idle, inSession, type Ending, type Screen } from './screen.ts'
import { credentials, newRecord, Sending } from './sending.ts'
import { openStore, type SessionRecord, type Store, type Way } from './store.ts'
import { forget, hold, holdShutter, recall, stash, takeFragment, type Shutter } from './tab.ts'
import type { Uploader } from './uploader.ts'
import { wanting } from './wanted.ts'

export class Page {
  screen: Screen = { name: 'connecting' }
  place: Place | null = null
  keys: Keys | null = null
  store: Store | null = null
  sending: Sending | null = null
  editing: Editing | null = null
  readonly leftovers = new Leftovers(() => this.changed())
  connectTrouble = ''
  /** Photos not taken up because the session was full. */
  notAdded = 0
  /** The photo whose large view was closed last: where the focus goes back to. */
  cameFrom = ''
  /** Null until its code is wanted. */
  kept: KeptPhone | null = null
  private keptBefore = 0
  /** Where the page was when the next patient came. */
  private before: Screen = { name: 'waiting' }
  private record: SessionRecord | null = null
  private work: Promise<void> = Promise.resolve()
  private listeners = new Set<() => void>()
  private readonly pause = new Pause()
  private wiped = false

  subscribe(f: () => void): () => void {
    this.listeners.add(f)
    return () => this.listeners.delete(f)
  }

  readonly changed = (): void => {
    const u = this.uploader
    if (u?.ended && inSession.includes(this.screen.name)) {
      this.screen = { name: 'ended', why: u.ended }
      if (unsent(u.photos).length === 0) void this.wipe() // nothing left to send: leave nothing on the phone
    }
    if (this.screen.name === 'left') this.leftBehind(this.screen.leaving)
    if (this.sending) this.kept?.heard(this.sending)
    this.followKept()
    for (const f of this.listeners) f()
  }

  /** Until when a workstation keeps this phone, by the registry's clock; 0: it does not. */
  get keptUntil(): number {
    return this.kept?.until ?? this.keptBefore
  }

  get uploader(): Uploader | null {
    return this.sending?.uploader ?? null
  }

  get photos(): Photo[] {
    return this.uploader?.photos ?? []
  }

  /** Photos and changes that exist nowhere but on this phone, of every session. */
  get pending(): number {
    return (this.sending?.pending ?? 0) + this.leftovers.pending
  }

  get canShoot(): boolean {
    const s = this.uploader?.status
    return Boolean(this.keys && s && (s.state === 'paired' || s.state === 'waiting'))
  }

  /** Somebody has to agree before the first photo. */
  get asksConsent(): boolean {
    return this.sending !== null && asksConsent(this.sending.uploader.status, this.sending.record)
  }

  /** What the practice requires and is not said of the photos; empty once it was asked for. */
  get wanting(): Asks['require'] {
    const { sending: s, editing } = this
    if (!s || !editing || !this.keys || s.shutter.asked) return []
    return wanting(this.photos, s.uploader.status?.asks?.require ?? [], (p) => editing.may(p))
  }

  get roomLeft(): number {
    return this.uploader?.room ?? 0
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
    await this.resumeKept()
    void this.leftovers.resume(records.filter((r) => r.token !== token && r.sid), (r) => this.makeSending(r))
    if (!this.keys && !this.record?.sid) {
      forget(token)
      return this.end(fragment ? 'bad-fragment' : 'no-fragment')
    }
    await this.join(this.place)
  }

  /** Called when the page is seen again or the network is back. */
  wake(): void {
    this.pause.cut()
    this.kept?.wake()
    if (this.screen.name === 'left') this.screen.leaving.wake()
    this.sending?.wake(true)
    this.leftovers.wake()
    this.changed()
  }

  /** Called when the page is put away: what was typed is sealed first. */
  rest(): void {
    void this.sending?.changes.flush()
  }

  /**
   * Takes up photos as the camera or the library hands them over, for the
   * session whose button was pressed, whatever the page shows by now; `like`
   * gives the details of a photo taken again.
   */
  add(files: File[], source: 'camera' | 'library', s: Sending | null, like: Details = {}): void {
    const keys = s?.keys
    const store = this.store
    if (!s || !keys || !store) return
    const u = s.uploader
    const taken = files.slice(0, u.room)
    this.notAdded = files.length - taken.length
    const details = s.shutter.nextIntimate ? { ...like, intimate: true } : like
    if (taken.length > 0) this.setShutter({ nextIntimate: false }, s)
    const sealed = taken.map((file, i) => {
      const takenAt = this.now() + u.offsetMs + i
      const id = uuidv7(takenAt)
      u.dispatch({ type: 'shot', id, order: takenAt, details })
      const jpeg = prepare({ id, file, takenAt, source }, { sid: s.record.sid, keys, store, uploader: u, changes: s.changes, consent: s.record.consent }, this.inTurn)
      return { id, jpeg }
    })
    void Promise.all(sealed.map(({ jpeg }) => jpeg)).then(() => { // once all of them are on their way
      for (const { id, jpeg } of sealed) void this.inTurn(async () => enlarge(id, await jpeg, u))
    })
    this.changed()
  }

  /** Pictures are decoded one at a time: two of 12 megapixels can cost the tab its life. */
  private inTurn: InTurn = async (job) => {
    const before = this.work
    let over = () => {}
    this.work = new Promise((resolve) => (over = resolve))
    await before
    return job(over).finally(over)
  }

  show(screen: Screen): void {
    this.cameFrom = this.screen.name === 'photo' && screen.name === 'session' ? this.screen.id : ''
    this.screen = screen
    this.changed()
  }

  /** The user is done: what the practice requires is asked for first, once. */
  done(): void {
    if (this.wanting.length > 0) this.show({ name: 'wanted' })
    else void this.finish()
  }

  asked(): void {
    this.setShutter({ asked: true })
  }

  /** Changes what holds for the session's next photo. */
  setShutter(change: Partial<Shutter>, s = this.sending): void {
    if (!s) return
    s.shutter = { ...s.shutter, ...change }
    if (s === this.sending) holdShutter(s.record.token, s.shutter)
    this.changed()
  }

  /** Takes the photo's place: its details go over to the new one, and it is removed. */
  retake(old: Photo, files: File[]): void {
    const { rotate: _, ...like } = old.details
    this.screen = { name: 'session' }
    this.add(files.slice(0, 1), 'camera', this.sending, like)
    if (this.notAdded === 0) this.editing?.remove(old.id)
  }

  /** Somebody has agreed to the photos of the session. */
  agreed(by: ConsentBy): void {
    const s = this.sending
    if (!s) return
    s.record.consent = { by, at: withZone(this.now() + s.uploader.offsetMs) }
    void this.remember(s.record)
    this.changed()
  }

  /** Leaves the session: it shows the wrong patient, or nobody agrees. */
  async leave(way: Way): Promise<void> {
    const s = this.sending
    if (!s) return
    this.editing?.takeBack()
    s.record.leaving = way
    const leaving = new Leaving(s, way, (w) => sessionAPI(credentials(s.record)).leave(w), this.changed)
    this.screen = { name: 'left', leaving }
    await this.remember(s.record) // a killed tab goes on leaving
    this.changed()
    await leaving.run()
  }

  /** Nothing stays once the workstation knows and has what it is to have. */
  private leftBehind(l: Leaving): void {
    const u = this.uploader!
    const empty = this.sending!.pending === 0 || (u.ended && unsent(u.photos).length === 0)
    if (l.told && !this.wiped && (!l.keep || empty)) void this.wipe()
  }

  /** Says goodbye and leaves nothing on the phone. */
  async finish(): Promise<void> {
    const s = this.sending
    if (!s) return
    const count = s.uploader.photos.filter((p) => p.state === 'landed' || p.state === 'filed').length
    const { done } = sessionAPI(credentials(s.record))
    this.screen = { name: 'finished', count }
    this.changed()
    s.stop()
    await this.wipe()
    await done().catch(() => undefined) // a courtesy: the workstation learns the end by itself
  }

  /** Drops what cannot be sent any more, by the user's choice. */
  async discardAll(): Promise<void> {
    await this.wipe()
    const u = this.uploader!
    for (const p of unsent(u.photos)) u.dispatch({ type: 'forget', id: p.id })
    this.changed()
  }

  /** The GP's tap on the next patient: only now is that session claimed, and its shutter free. */
  async takeNext(): Promise<void> {
    if (this.screen.name !== 'next' || !this.kept) return
    this.screen = { name: 'connecting' }
    const next = await this.kept.take().catch(() => null)
    if (!next) return this.show(this.before)
    await this.setAside()
    const { place, keys } = next
    hold(place, next.fragment)
    this.record = { ...newRecord(place), offered: true }
    Object.assign(this, { place, keys, sending: null, editing: null, connectTrouble: '', notAdded: 0, wiped: false })
    this.changed()
    await this.join(place, next.sid)
  }

  /** The session before: what it still has to send is sent on, under its own keys. */
  private async setAside(): Promise<void> {
    const s = this.sending
    if (this.place) forget(this.place.token)
    if (!s || this.wiped) return
    if (!s.settled) {
      this.leftovers.add(s)
      return
    }
    s.stop()
    void sessionAPI(credentials(s.record)).done().catch(() => undefined)
    await s.wipe()
  }

  /** The next patient comes before everything but a session that is being joined or left. */
  private followKept(): void {
    const { screen, kept } = this
    if (screen.name === 'next' && !kept?.next) this.screen = this.before
    if (kept?.over && idle.includes(this.screen.name)) this.screen = { name: 'kept-over' }
    const busy = screen.name === 'connecting' || screen.name === 'next' || (screen.name === 'left' && !screen.leaving.told)
    if (!kept?.next || busy) return
    this.rest()
    this.before = inSession.includes(screen.name) ? { name: 'session' } : screen
    this.screen = { name: 'next' }
  }

  private async keptPhone(): Promise<KeptPhone> {
    const { KeptPhone } = await untilLoaded(() => import('./keptphone.ts'))
    return (this.kept ??= new KeptPhone(this.store!, this.changed))
  }

  private async resumeKept(): Promise<void> {
    const kept = await this.store!.kept().catch(() => null)
    if (!kept) return
    this.keptBefore = kept.until
    void this.keptPhone().then((k) => k.begin(kept))
  }

  /** After everything that the first photo needs. */
  private async offerToKeep(s: Sending): Promise<void> {
    await untilLoaded(loadTools)
    if (this.store!.durable && s.keys) await (await this.keptPhone()).offer(s, () => this.remember(s.record))
  }

  private end(why: Ending): void {
    const waits = this.keptUntil > 0 && this.photos.length === 0 && (why === 'no-fragment' || why === 'session-over')
    this.screen = waits ? { name: 'waiting' } : { name: 'ended', why }
    this.changed()
  }

  /** `sid` is the session's where the link has said it. */
  private async join(place: Place, sid = ''): Promise<void> {
    const record = this.record ?? newRecord(place)
    this.record = record
    await this.remember(record) // before the claim: a lost answer must find the same key again
    const door = { claim: () => claim(place.practice, place.token, record.phoneKey), status: () => sessionAPI(credentials(record)).status() }
    const answer = await untilAnswered(entry(door, record.sid !== ''), (code, ms) => {
      this.connectTrouble = code
      this.changed()
      return this.pause.wait(ms)
    })
    if (typeof answer === 'string') {
      await this.forgetEnded(answer)
      return this.end(answer)
    }
    if (sid && answer.session.sid !== sid) {
      await this.wipe() // a gateway that answers for another session
      return this.end('link-unknown')
    }
    record.sid = answer.session.sid
    await this.remember(record)
    const s = this.makeSending(record)
    const u = s.uploader
    await u.restore()
    this.sending = s
    this.editing = new Editing(s, () => this.store?.durable ?? false)
    this.screen = { name: s.shutter.set ? 'set' : 'session' }
    u.accept(answer)
    void u.run()
    void s.changes.restore()
    if (record.leaving) void this.leave(record.leaving)
    void this.offerToKeep(s)
  }

  /** Nothing of a session that is over stays, unless photos are still held. */
  private async forgetEnded(why: Ending): Promise<void> {
    const r = this.record
    if (!r) return
    if (r.sid) {
      const s = this.makeSending(r)
      await s.uploader.restore()
      this.sending = s
      if (s.uploader.photos.length > 0) return
    }
    if (why !== 'link-used') await this.wipe()
  }

  private makeSending(r: SessionRecord): Sending {
    const keys = r.token === this.place?.token ? this.keys : null
    return new Sending(r, this.store!, keys, () => {
      this.leftovers.tidy(r.token)
      this.changed()
    })
  }

  private async remember(r: SessionRecord): Promise<void> {
    stash(`cp-key:${r.token}`, JSON.stringify(r))
    await this.store!.putSession({ ...r }).catch(() => undefined)
  }

  private async wipe(): Promise<void> {
    this.wiped = true
    this.keys = null
    const { place, sending } = this // another patient may come meanwhile
    await sending?.wipe()
    if (place) {
      forget(place.token)
      await this.store?.dropSession(place.token).catch(() => undefined)
    }
  }
}
