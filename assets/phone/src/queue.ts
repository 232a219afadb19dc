// Where each photo stands: pure, so that every order of events can be tested.

import type { Status, StatusImage } from './api.ts'
import type { Reason } from './refused.ts'

/**
 * preparing → queued → sending → put → stored → landed → filed. 'failed' can
 * never be sent; 'gone' is no longer wanted by the workstation.
 */
export type PhotoState = 'preparing' | 'queued' | 'sending' | 'put' | 'stored' | 'landed' | 'filed' | 'failed' | 'gone'

export interface Photo {
  id: string
  state: PhotoState
  order: number
  progress: number
  bytes: number
  sha256: string
  thumb: string
  /** Tries since the last step forward, and when the next may start. */
  attempts: number
  retryAt: number
  reason?: Reason
  /** True while this phone holds the sealed copy. */
  held: boolean
  sinks: string[]
}

export type Event =
  | { type: 'shot'; id: string; order: number }
  | { type: 'thumb'; id: string; url: string }
  | { type: 'sealed'; id: string; order: number; bytes: number; sha256: string }
  | { type: 'sending'; id: string }
  | { type: 'progress'; id: string; fraction: number }
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
  id, order, state: 'preparing', progress: 0, bytes: 0, sha256: '', thumb: '', attempts: 0, retryAt: 0, held: false, sinks: [],
})

export function reduce(photos: Photo[], e: Event): Photo[] {
  switch (e.type) {
    case 'shot':
      return photos.some((p) => p.id === e.id) ? photos : [...photos, blank(e.id, e.order)]
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
      return { ...p, thumb: e.url }
    case 'sending':
      return p.state === 'queued' ? { ...p, state: 'sending', progress: 0 } : p
    case 'progress':
      return p.state === 'sending' ? { ...p, progress: Math.max(p.progress, Math.min(1, e.fraction)) } : p
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
  const out = photos.map((p) => {
    const seen = images.find((i) => i.id === p.id)
    if (seen?.state === 'reserved' && p.state === 'stored' && p.held) {
      return { ...p, state: 'queued' as const, progress: 0, attempts: 0, retryAt: 0 } // the bucket lost it: once more
    }
    const state = seen ? fromRegistry(seen) : null
    if (!seen || !state || rank[state] < rank[p.state] || p.state === 'failed') return p
    return { ...p, state, sinks: seen.sinks ?? [], attempts: 0, retryAt: 0, ...because(seen) }
  })
  images.forEach((i, n) => {
    const state = fromRegistry(i)
    if (state && !out.some((p) => p.id === i.id)) {
      out.push({ ...blank(i.id, n), state, sinks: i.sinks ?? [], ...because(i) })
    }
  })
  return out
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

/** Still on its way: closing the page now could delay or lose it. */
export const unsent = (photos: Photo[]): Photo[] => photos.filter((p) => rank[p.state] < rank.landed)

/** On the computer or past it. */
export const arrived = (photos: Photo[]): Photo[] => photos.filter((p) => p.state === 'landed' || p.state === 'filed')

/** Photos that count against the session's limit. */
export const counted = (photos: Photo[]): number => photos.filter((p) => p.state !== 'failed').length

/** The registry has said that the sealed copy is no longer needed. */
export const releasable = (photos: Photo[]): Photo[] =>
  photos.filter((p) => p.held && (p.state === 'landed' || p.state === 'filed' || p.state === 'gone'))

export const ready = (photos: Photo[], now: number): Photo[] => photos.filter((p) => p.state === 'queued' && p.retryAt <= now)
