// What this tab remembers over a reload: the link's keys and the phone key.
// Gone with the tab.

import type { GuidedSet } from './guided.ts'
import type { Place } from './link.ts'
import type { SessionRecord } from './store.ts'

/** Out of the address bar, history and screenshots; kept for this tab only. */
export function takeFragment(token: string): string {
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

/** Makes this tab the one of another link, as if its code had been scanned into it. */
export function hold(place: Place, fragment: string): void {
  stash(`cp:${place.token}`, fragment)
  history.replaceState(null, '', `/p/${place.practice}/${place.token}`)
}

export function stash(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value)
  } catch {
    // Refused: the page's memory and IndexedDB still have it.
  }
}

export const recall = (token: string): SessionRecord | null => read(`cp-key:${token}`)

function read<T>(key: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

export function forget(token: string): void {
  try {
    sessionStorage.removeItem(`cp:${token}`)
    sessionStorage.removeItem(`cp-key:${token}`)
    sessionStorage.removeItem(`cp-shutter:${token}`)
  } catch {
    // Never stored.
  }
}

/** What holds for a session's next photo, and for its end. */
export interface Shutter {
  /** It gets no thumbnail; for one photo only. */
  nextIntimate: boolean
  /** The guided set under way. */
  set: GuidedSet | null
  /** What the practice requires has been asked for. */
  asked: boolean
}

/** Survives a tab that the phone kills while its camera is open. */
export const holdShutter = (token: string, shutter: Shutter): void => stash(`cp-shutter:${token}`, JSON.stringify(shutter))

export const heldShutter = (token: string): Shutter => read(`cp-shutter:${token}`) ?? { nextIntimate: false, set: null, asked: false }
