// What this tab remembers over a reload: the link's keys and the phone key.
// Gone with the tab.

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

export function recall(token: string): SessionRecord | null {
  try {
    return JSON.parse(sessionStorage.getItem(`cp-key:${token}`) ?? 'null') as SessionRecord | null
  } catch {
    return null
  }
}

export function forget(token: string): void {
  try {
    sessionStorage.removeItem(`cp:${token}`)
    sessionStorage.removeItem(`cp-key:${token}`)
    sessionStorage.removeItem(`cp-intimate:${token}`)
  } catch {
    // Never stored.
  }
}

export function markIntimate(token: string, on: boolean): void {
  try {
    if (on) sessionStorage.setItem(`cp-intimate:${token}`, '1')
    else sessionStorage.removeItem(`cp-intimate:${token}`)
  } catch {
    // Refused: known to this life of the page only.
  }
}

export function markedIntimate(token: string): boolean {
  try {
    return sessionStorage.getItem(`cp-intimate:${token}`) !== null
  } catch {
    return false
  }
}
