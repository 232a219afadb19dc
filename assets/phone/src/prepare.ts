// From the file the camera gave to a sealed image in the store.

import { backoffMs } from './backoff.ts'
import type { Changes } from './changes.ts'
import type { Small } from './compress.ts'
import type { Consent } from './consent.ts'
import { tidy } from './details.ts'
import type { Sealed } from './envelope.ts'
import type { Keys } from './link.ts'
import type { OffPage } from './offpage.ts'
import { Refused, type Reason } from './refused.ts'
import type { Store } from './store.ts'
import type { Uploader } from './uploader.ts'

export const pageVersion = '1.1.0'

export interface Shot {
  id: string
  file: File
  /** Unix milliseconds by the registry's clock. */
  takenAt: number
  source: 'camera' | 'library'
}

export interface Into {
  sid: string
  keys: Keys
  store: Store
  uploader: Uploader
  changes: Changes
  consent: Consent | undefined
}

/** Runs a job when those before it are over; it may call `over` before its end. */
export type InTurn = <T>(job: (over: () => void) => Promise<T>) => Promise<T>

/**
 * Never throws: a photo that cannot be sent is marked as failed, with the
 * reason. Returns the JPEG of one that is sealed. It is decoded and shrunk when
 * it is its turn; the next one's turn comes when its decoded picture is let go.
 */
export async function prepare(shot: Shot, into: Into, inTurn: InTurn): Promise<Uint8Array | null> {
  const { id, takenAt } = shot
  const { uploader: u, keys: { recipient, secret }, sid, store, changes, consent } = into
  const photo = () => u.photos.find((p) => p.id === id)
  try {
    const small = await inTurn(async (over) => {
      const { off } = await tools()
      return photo() ? off.run<Small>({ task: 'shrink', file: shot.file, target: u.status?.asks?.target }, over) : null
    })
    if (!small) return null // removed while it waited
    const { off } = await tools()
    if (small.thumb && photo()) u.dispatch({ type: 'thumb', id, url: URL.createObjectURL(small.thumb), look: small.look })
    const details = tidy(photo()?.details ?? {})
    const capture = {
      imageId: id, takenAt: withZone(takenAt), width: small.width, height: small.height,
      originalType: small.originalType, originalBytes: small.originalBytes, source: shot.source, page: pageVersion, ...(consent && { consent }), ...details,
    }
    const { sealed, sha256 } = await off.run<Sealed>({ task: 'seal', of: [{ recipient, secret, sid }, capture, small.jpeg] })
    if (sealed.length > (u.status?.maxBytes ?? Infinity)) throw new Refused('too-large')
    const kept = { id, sid, order: takenAt, bytes: sealed.length, sha256, sealed: sealed.slice().buffer }
    if (!photo()) return null
    await changes.sealedWith(id, details)
    await store.putImage(kept) // before any upload: from here a killed tab loses nothing
    if (!photo()) return store.dropImage(id).then(() => null)
    u.dispatch({ type: 'sealed', ...kept })
    u.wake()
    return small.jpeg
  } catch (err) {
    // Once sealed, nothing that fails here is the photo's end.
    const reason: Reason = err instanceof Refused ? err.reason : 'memory'
    if (photo()?.state === 'preparing') u.dispatch({ type: 'failed', id, reason })
    return null
  }
}

/** Makes the picture for the large view; a photo without one is sent all the same. */
export async function enlarge(id: string, jpeg: Uint8Array | null, u: Uploader): Promise<void> {
  const photo = () => u.photos.some((p) => p.id === id)
  if (!jpeg || !photo()) return
  const large = await tools().then(({ off }) => off.run<Blob>({ task: 'preview', jpeg })).catch(() => null)
  if (large && photo()) u.dispatch({ type: 'preview', id, url: URL.createObjectURL(large) })
}

let offPage: OffPage | null = null

/** Starts the worker as well, so that it is warm when the first photo comes. */
export async function loadTools() {
  const [tools, { OffPage }] = await Promise.all([import('./tools.ts'), import('./offpage.ts')])
  const off = (offPage ??= new OffPage(tools.address, tools.perform))
  return { ...tools, off }
}

/** The sealing and compressing code, asked for until it is there. */
export const tools = () => untilLoaded(loadTools)

export async function untilLoaded<T>(load: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await load()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, 800, 5_000)))
    }
  }
}

/** ISO 8601 with the phone's own offset. */
export function withZone(ms: number, offsetMinutes: number = -new Date(ms).getTimezoneOffset()): string {
  const local = new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, -1)
  const abs = Math.abs(offsetMinutes)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`
}
