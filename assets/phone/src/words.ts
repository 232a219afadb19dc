// What is said about one photo, the same on its tile and in its large view.

import type { IconName } from './icons.tsx'
import { later } from './later.ts'
import { type Photo } from './queue.ts'
import { fill } from './text.ts'

const iconOf: Record<Photo['state'], IconName> = {
  preparing: 'lock', queued: 'lock', sending: 'up', put: 'up', stored: 'tick', landed: 'tick', filed: 'ticks', gone: 'warn', failed: 'warn',
}

export const iconFor = (p: Photo): IconName => (p.removal && p.removal !== 'refused' ? 'bin' : iconOf[p.state])

/** As "320 KB/s" or "1.4 MB/s", never broken between lines; empty while unknown. */
export function speedText(bytesPerSecond: number): string {
  if (bytesPerSecond <= 0) return ''
  const kb = bytesPerSecond / 1000
  return kb < 1000 ? `${Math.max(1, Math.round(kb))}\u00a0KB/s` : `${(kb / 1000).toFixed(1)}\u00a0MB/s`
}

export const percentOf = (p: Photo): number => Math.floor(p.progress * 100)

/** Where the photo is. Only a record system's own receipt makes it "in the record". */
export function stateText(p: Photo): string {
  if (p.state === 'gone') return p.removal ? later.removal.done : later.state.gone
  if (p.removal === 'refused') return later.removal.refused
  if (p.removal) return later.removal.running
  if (p.state === 'filed' && p.sinks.some((s) => s.startsWith('alex'))) return later.inRecord
  const speed = p.state === 'sending' ? speedText(p.speed) : ''
  return fill(later.state[p.state], { percent: percentOf(p) }) + (speed && ` · ${speed}`)
}

/** A reason to take the photo again while the patient is here; empty when there is none. */
export function warning(p: Photo): string {
  if (p.state === 'failed' || p.state === 'gone' || p.removal) return ''
  return p.look === 'blurred' ? later.look.blurred : p.look === 'dark' || p.look === 'black' ? later.look.dark : ''
}
