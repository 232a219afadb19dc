// Where each photo stands: pure, so that every order of events can be tested.

import type { Status, StatusImage } from './api.ts'
import type { Details } from './details.ts'
import type { Look } from './quality.ts'
import type { Reason } from './refused.ts'

/**
 * preparing → queued → sending → put → stored → landed → filed. 'failed' can
 * never be sent; 'gone' is no longer wanted by the workstation.
 */
export type PhotoState = 'preparing' | 'queued' | 'sending' | 'put' | 'stored' | 'landed' | 'filed' | 'failed' | 'gone'

/**
 * undo: the user may still take it back. wanted: the workstation is to be
 * asked. asked: the registry knows. refused: it was being filed already.
 */
export type Removal = '' | 'undo' | 'wanted' | 'asked' | 'refused'

export interface Photo {
  id: string
  state: PhotoState
  order: number
  progress: number
  bytes: number
  sha256: string
  /** Bytes a second of the present transfer; 0 while unknown. */
  speed: number
  /** Object URLs of pictures in this tab's memory; empty after a reload. */
  thumb: string
  preview: string
  look: Look | ''
  details: Details
  /** The last amendment this phone made, and the highest the registry shows. */
  made: number
  seen: number
  /** filed: details are for the computer now. unsaved: they could not be sent. */
  frozen: '' | 'filed' | 'unsaved'
  removal: Removal
  /** Tries since the last step forward, and when the next may start. */
  attempts: number
  retryAt: number
  reason?: Reason
  /** True while this phone holds the sealed copy. */
  held: boolean
  sinks: string[]
}

export type Event =
  | { type: 'shot'; id: string; order: number; details?: Details }
  | { type: 'thumb'; id: string; url: string; look: Look | '' }
  | { type: 'preview'; id: string; url: string }
  | { type: 'details'; id: string; details: Details }
  | { type: 'made'; id: string; n: number }
  | { type: 'frozen'; id: string; why: Photo['frozen'] }
  | { type: 'removal'; id: string; to: Removal }
  | { type: 'sealed'; id: string; order: number; bytes: number; sha256: string }
  | { type: 'sending'; id: string }
  | { type: 'progress'; id: string; fraction: number; speed?: number }
  | { type: 'put'; id: string }
  | { type: 'again'; id: string; retryAt: number }
  | { type: 'failed'; id: string; reason: Reason }
  | { type: 'dropped'; id: string }
  | { type: 'forget'; id: string }
  | { type: 'status'; status: Status }

const rank: Record<PhotoState, number> = {
  preparing: 0, queued: 1, sending: 2, put: 3, stored: 4, landed: 5, filed: 6, failed: 7, gone: 7,
}

const blank = (id: string, order: number): Photo => ({
  id, order, state: 'preparing', progress: 0, bytes: 0, sha256: '', speed: 0, thumb: '', preview: '', look: '', details: {},
  made: 0, seen: 0, frozen: '', removal: '', attempts: 0, retryAt: 0, held: false, sinks: [],
})

export function reduce(photos: Photo[], e: Event): Photo[] {
  switch (e.type) {
    case 'shot':
      return photos.some((p) => p.id === e.id) ? photos : [...photos, { ...blank(e.id, e.order), details: e.details ?? {} }]
    case 'sealed': {
      const known = photos.find((p) => p.id === e.id)
      const held = { ...(known ?? blank(e.id, e.order)), bytes: e.bytes, sha256: e.sha256, held: true }
      const next = { ...held, state: rank[held.state] < rank.queued ? ('queued' as const) : held.state }
      return known ? photos.map((p) => (p.id === e.id ? next : p)) : [...photos, next].sort((a, b) => a.order - b.order)
    }
    case 'forget':
      return photos.filter((p) => p.id !== e.id)
    case 'status':
      return fromStatus(photos, e.status.images ?? [])
  }
  return photos.map((p) => (p.id === e.id ? one(p, e) : p))
}

type OnePhoto = Exclude<Event, { type: 'shot' | 'sealed' | 'forget' | 'status' }>

function one(p: Photo, e: OnePhoto): Photo {
  switch (e.type) {
    case 'thumb':
      return { ...p, thumb: e.url, look: e.look }
    case 'preview':
      return { ...p, preview: e.url }
    case 'details':
      return { ...p, details: e.details }
    case 'made':
      return { ...p, made: Math.max(p.made, e.n) }
    case 'frozen':
      return { ...p, frozen: e.why }
    case 'removal':
      return p.state === 'gone' || p.removal === 'refused' ? p : { ...p, removal: e.to }
    case 'sending':
      return p.state === 'queued' ? { ...p, state: 'sending', progress: 0, speed: 0 } : p
    case 'progress':
      return p.state === 'sending' ? { ...p, progress: Math.max(p.progress, Math.min(1, e.fraction)), speed: e.speed ?? p.speed } : p
    case 'put':
      return rank[p.state] < rank.put ? { ...p, state: 'put', progress: 1, attempts: 0, retryAt: 0 } : p
    case 'again': // also takes a 'put' back: the gateway says the object is not there
      if (rank[p.state] >= rank.stored || p.state === 'preparing') return p
      return { ...p, state: 'queued', progress: 0, attempts: p.attempts + 1, retryAt: e.retryAt }
    case 'failed':
      return rank[p.state] >= rank.stored ? p : { ...p, state: 'failed', reason: e.reason }
    case 'dropped':
      return { ...p, held: false }
  }
}

/** The registry only ever moves a photo forward; what it does not know stays. */
function fromStatus(photos: Photo[], images: StatusImage[]): Photo[] {
  const out = photos.map((known) => {
    let p = known
    const seen = images.find((i) => i.id === p.id)
    if (seen) p = { ...p, ...marks(p, seen) }
    if (seen?.state === 'reserved' && p.state === 'stored' && p.held) {
      return { ...p, state: 'queued' as const, progress: 0, attempts: 0, retryAt: 0 } // the bucket lost it: once more
    }
    const state = seen ? fromRegistry(seen) : null
    if (!seen || !state || rank[state] < rank[p.state] || p.state === 'failed') return p
    return { ...p, state, sinks: seen.sinks ?? [], attempts: 0, retryAt: 0, ...because(seen) }
  })
  for (const i of images) {
    const state = fromRegistry(i)
    if (!state || out.some((p) => p.id === i.id)) continue
    const fresh = blank(i.id, shotAt(i.id))
    out.push({ ...fresh, state, sinks: i.sinks ?? [], ...because(i), ...marks(fresh, i) })
  }
  return out.sort((a, b) => a.order - b.order) // "photo 2" stays the same one when the page comes back
}

/** When a photo was taken, in ms: its id begins with it (UUIDv7). */
const shotAt = (id: string): number => parseInt(id.replaceAll('-', '').slice(0, 12), 16) || 0

/** What the registry says beside the state. */
function marks(p: Photo, i: StatusImage): Pick<Photo, 'seen' | 'removal' | 'frozen'> {
  const removal = i.refused ? 'refused' : i.retractWanted ? 'asked' : p.removal
  return { seen: Math.max(p.seen, i.details ?? 0), removal, frozen: i.state === 'filed' ? 'filed' : p.frozen }
}

/** A photo that the computer could not open has to be taken again. */
const because = (i: StatusImage) => (i.state === 'quarantined' ? { reason: 'unreadable' as const } : {})

function fromRegistry(i: StatusImage): PhotoState | null {
  switch (i.state) {
    case 'stored':
      return 'stored'
    case 'landed':
    case 'unconfirmed':
      return 'landed'
    case 'filed':
      return 'filed'
    case 'retracted':
    case 'discarded':
    case 'quarantined':
      return 'gone'
    case 'reserved':
      return null
  }
}

const leaving = (p: Photo): boolean => p.removal === 'undo' || p.removal === 'wanted' || p.removal === 'asked'

/** Still on its way: closing the page now could delay or lose it. */
export const unsent = (photos: Photo[]): Photo[] => photos.filter((p) => rank[p.state] < rank.landed && p.removal !== 'asked')

/** On the computer or past it, and meant to stay there. */
export const arrived = (photos: Photo[]): Photo[] => photos.filter((p) => (p.state === 'landed' || p.state === 'filed') && !leaving(p))

/** Photos that count against the session's limit. */
export const counted = (photos: Photo[]): number => photos.filter((p) => p.state !== 'failed').length

/** The registry has said that the sealed copy is no longer needed. */
export const releasable = (photos: Photo[]): Photo[] =>
  photos.filter((p) => p.held && (p.state === 'landed' || p.state === 'filed' || p.state === 'gone'))

/** What may be sent now: not what the user has just removed. */
export const ready = (photos: Photo[], now: number): Photo[] =>
  photos.filter((p) => p.state === 'queued' && p.retryAt <= now && !leaving(p))

/**
 * Whether this phone may still change what is said of a photo: not once it is
 * filed, nor where it has forgotten what an earlier amendment said, since each
 * carries the whole set.
 */
export const editable = (p: Photo): boolean =>
  !p.frozen && !leaving(p) && p.state !== 'filed' && p.state !== 'gone' && p.state !== 'failed' && p.made >= p.seen
