// One session of this phone: its record, its photos, and what is said of them.

import { claim, sessionAPI, type Credentials } from './api.ts'
import { randomBytes, toBase64url } from './bytes.ts'
import { Changes, type Sealer } from './changes.ts'
import type { Keys, Place } from './link.ts'
import { tools } from './prepare.ts'
import { put } from './put.ts'
import { unsent } from './queue.ts'
import type { SessionRecord, Store } from './store.ts'
import { heldShutter, type Shutter } from './tab.ts'
import { Uploader } from './uploader.ts'

export const credentials = (r: SessionRecord): Credentials => ({ practice: r.practice, sid: r.sid, phoneKey: r.phoneKey })

export const newRecord = ({ token, practice }: Place): SessionRecord => ({ token, practice, phoneKey: toBase64url(randomBytes(32)), sid: '' })

export class Sending {
  readonly uploader: Uploader
  readonly changes: Changes
  shutter: Shutter

  /** `keys` is null where the link's fragment is not known. */
  constructor(readonly record: SessionRecord, private readonly store: Store, readonly keys: Keys | null, changed: () => void) {
    const { sid } = record
    this.shutter = heldShutter(record.token)
    const api = sessionAPI(credentials(record))
    const uploader: Uploader = new Uploader({
      sid,
      api,
      store,
      put,
      reclaim: () => claim(record.practice, record.token, record.phoneKey),
      now: Date.now,
      visible: () => document.visibilityState === 'visible',
      changed,
      // The GP may keep this phone at any time.
      curious: () => Boolean(record.keep && record.offered && !uploader.status?.kept),
      heard: (s) => this.changes.heard(s),
    })
    this.uploader = uploader
    this.changes = new Changes({
      sid,
      api,
      store,
      now: Date.now,
      photos: () => uploader.photos,
      dispatch: (e) => uploader.dispatch(e),
      announced: (id) => uploader.announced(id),
      accept: (a) => uploader.accept(a),
      sealer: () => sealerFor(sid, keys),
    })
  }

  get trouble(): string {
    return this.uploader.trouble || this.changes.trouble
  }

  /** Photos and changes that exist nowhere but on this phone. */
  get pending(): number {
    return unsent(this.uploader.photos).length + this.changes.pending
  }

  /** Sealed photos that this phone holds. */
  get held(): number {
    return this.uploader.photos.filter((p) => p.held).length
  }

  /** Nothing of it needs this phone any more. */
  get settled(): boolean {
    return this.held === 0 && this.pending === 0 && !this.uploader.photos.some((p) => p.removal === 'undo')
  }

  wake(fresh = false): void {
    this.uploader.wake(fresh)
    this.changes.wake(fresh)
  }

  stop(): void {
    this.uploader.stop()
    this.changes.stop()
  }

  /** Takes the session and everything of it off the phone. */
  async wipe(): Promise<void> {
    this.changes.stop()
    for (const p of this.uploader.photos) {
      for (const url of [p.thumb, p.preview]) if (url) URL.revokeObjectURL(url)
      await this.store.dropImage(p.id).catch(() => undefined)
    }
    for (const c of await this.store.changes(this.record.sid).catch(() => [])) await this.store.dropChange(c.id).catch(() => undefined)
    await this.store.dropSession(this.record.token).catch(() => undefined)
  }
}

function sealerFor(sid: string, keys: Keys | null): Sealer | null {
  if (!keys) return null
  const { recipient, secret } = keys
  return {
    amend: async (id, n, details) => (await tools()).sealDetails({ recipient, secret, sid }, id, n, details),
    keep: async (id, details) => (await tools()).sealOwn(secret, id, details),
    read: async (id, own) => (await tools()).openOwn(secret, id, own),
  }
}
