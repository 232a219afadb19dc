// What must survive a killed tab: the phone key of each session and the
// sealed images not yet on the computer, which only the workstation can read.
// A kept phone's keys are here too: with them the links of the sessions to come
// can be read until the phone is forgotten. No patient is named.

import type { Consent } from './consent.ts'

export type Way = 'keep' | 'discard' | 'declined'

export interface SessionRecord {
  token: string
  practice: string
  phoneKey: string
  /** Empty until the claim was answered. */
  sid: string
  /** Set once the user has left the session: what becomes of the photos; declined: kept, and nobody agreed to any. */
  leaving?: Way
  /** Who agreed to its photos. */
  consent?: Consent
  /** What the workstation may keep this phone by. */
  keep?: KeptKeys
  /** The workstation can know of it: it was offered, or the link came to a kept phone. */
  offered?: boolean
}

/** Base64url texts, so that they fit any store. */
export interface KeptKeys {
  /** The age X25519 identity's 32 bytes. */
  identity: string
  /** The kept key: the bearer of "next". */
  key: string
  /** What links to this phone are authenticated with. */
  links: string
}

/** This phone is kept by a workstation. */
export interface KeptRecord extends KeptKeys {
  practice: string
  /** The session it was kept in. */
  sid: string
  /** Milliseconds by the registry's clock. */
  until: number
  /** Numbers of the last link that was claimed, and of the last that was shown. */
  taken: number
  shown: number
}

export interface SealedRecord {
  id: string
  sid: string
  order: number
  bytes: number
  sha256: string
  /** An ArrayBuffer: private windows refuse Blobs. */
  sealed: ArrayBuffer
}

/** What was changed about a photo after it was sealed, until the workstation has it. */
export interface ChangeRecord {
  id: string
  sid: string
  /** The last amendment made; 0 when none was. */
  n: number
  /** The amendment as it is sent, for the workstation's key. */
  sealed: string
  mac: string
  /** The details as this phone shows them, under a key that the store does not hold. */
  own: ArrayBuffer
  /** `own` is newer than amendment n. */
  draft: boolean
  /** The user has removed the photo, and the undo time is over. */
  remove: boolean
}

export interface Store {
  /** False when the browser refused storage: closing the page would lose what is unsent. */
  durable: boolean
  sessions(): Promise<SessionRecord[]>
  putSession(s: SessionRecord): Promise<void>
  dropSession(token: string): Promise<void>
  /** Sealed images of a session in the order of capture, without their bytes. */
  images(sid: string): Promise<Omit<SealedRecord, 'sealed'>[]>
  sealed(id: string): Promise<ArrayBuffer | null>
  putImage(r: SealedRecord): Promise<void>
  dropImage(id: string): Promise<void>
  changes(sid: string): Promise<ChangeRecord[]>
  putChange(r: ChangeRecord): Promise<void>
  dropChange(id: string): Promise<void>
  /** Null when this phone is not kept. */
  kept(): Promise<KeptRecord | null>
  putKept(r: KeptRecord): Promise<void>
  dropKept(): Promise<void>
}

/** IndexedDB if a probe write comes back, memory otherwise. */
export async function openStore(factory: IDBFactory | undefined): Promise<Store> {
  const memory = memoryStore()
  if (!factory) return memory
  try {
    const db = await open(factory)
    const store = dbStore(db, memory)
    const probe = { token: '', practice: '', phoneKey: '', sid: '' }
    await store.putSession(probe)
    await store.dropSession(probe.token)
    return store
  } catch {
    return memory
  }
}

const openMs = 3_000

function open(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('storage did not answer')), openMs)
    const req = factory.open('clinicpro-images', 3)
    req.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion < 1) {
        req.result.createObjectStore('sessions', { keyPath: 'token' })
        req.result.createObjectStore('images', { keyPath: 'id' })
      }
      if (oldVersion < 2) req.result.createObjectStore('changes', { keyPath: 'id' })
      req.result.createObjectStore('kept')
    }
    req.onsuccess = () => {
      clearTimeout(timer)
      req.result.onversionchange = () => req.result.close() // a newer page in another tab
      resolve(req.result)
    }
    req.onerror = req.onblocked = () => reject(req.error ?? new Error('storage is blocked'))
  })
}

/** One workstation at a time keeps a phone: the last one. */
const thePhone = 'phone'

function dbStore(db: IDBDatabase, memory: Store): Store {
  const run = <T>(name: string, mode: IDBTransactionMode, act: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const tx = db.transaction(name, mode)
      const req = act(tx.objectStore(name))
      tx.oncomplete = () => resolve(req.result)
      tx.onerror = tx.onabort = () => reject(tx.error ?? new Error('storage refused'))
    })
  const store: Store = {
    durable: true,
    sessions: () => run('sessions', 'readonly', (s) => s.getAll()),
    putSession: async (r) => void (await run('sessions', 'readwrite', (s) => s.put(r))),
    dropSession: async (token) => void (await run('sessions', 'readwrite', (s) => s.delete(token))),
    async images(sid) {
      const kept = (await run('images', 'readonly', (s) => s.getAll())) as SealedRecord[]
      const held = await memory.images(sid)
      return [...kept.filter((r) => r.sid === sid).map(({ sealed: _, ...r }) => r), ...held].sort((a, b) => a.order - b.order)
    },
    async sealed(id) {
      const r = (await run('images', 'readonly', (s) => s.get(id))) as SealedRecord | undefined
      return r?.sealed ?? memory.sealed(id)
    },
    async putImage(r) {
      try {
        await run('images', 'readwrite', (s) => s.put(r))
      } catch {
        store.durable = false // full: this one lives in memory, and the page says so
        await memory.putImage(r)
      }
    },
    async dropImage(id) {
      await memory.dropImage(id)
      await run('images', 'readwrite', (s) => s.delete(id))
    },
    async changes(sid) {
      const kept = (await run('changes', 'readonly', (s) => s.getAll())) as ChangeRecord[]
      return [...kept.filter((r) => r.sid === sid), ...(await memory.changes(sid))]
    },
    async putChange(r) {
      try {
        await run('changes', 'readwrite', (s) => s.put(r))
      } catch {
        store.durable = false
        await memory.putChange(r)
      }
    },
    async dropChange(id) {
      await memory.dropChange(id)
      await run('changes', 'readwrite', (s) => s.delete(id))
    },
    kept: async () => ((await run('kept', 'readonly', (s) => s.get(thePhone))) as KeptRecord | undefined) ?? null,
    putKept: async (r) => void (await run('kept', 'readwrite', (s) => s.put(r, thePhone))),
    dropKept: async () => void (await run('kept', 'readwrite', (s) => s.delete(thePhone))),
  }
  return store
}

export function memoryStore(): Store {
  const sessions = new Map<string, SessionRecord>()
  const images = new Map<string, SealedRecord>()
  const changes = new Map<string, ChangeRecord>()
  let kept: KeptRecord | null = null
  return {
    durable: false,
    sessions: async () => [...sessions.values()],
    putSession: async (s) => void sessions.set(s.token, s),
    dropSession: async (token) => void sessions.delete(token),
    images: async (sid) => [...images.values()].filter((r) => r.sid === sid).map(({ sealed: _, ...r }) => r),
    sealed: async (id) => images.get(id)?.sealed ?? null,
    putImage: async (r) => void images.set(r.id, r),
    dropImage: async (id) => void images.delete(id),
    changes: async (sid) => [...changes.values()].filter((r) => r.sid === sid),
    putChange: async (r) => void changes.set(r.id, r),
    dropChange: async (id) => void changes.delete(id),
    kept: async () => kept,
    putKept: async (r) => void (kept = r),
    dropKept: async () => void (kept = null),
  }
}
