// Body sites: the coded list that page and workstation share, and the search in it.

import list from '../../sites.json'
import type { Side } from './details.ts'
import { later } from './later.ts'

export interface Site {
  id: string
  /** SNOMED CT code. */
  sct: string
  name: string
}

export const sites: Site[] = list

const words = later.siteWords as Record<string, string>

/** Without capitals and macrons, which not every keyboard has. */
const plain = (words: string): string => words.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** Sites whose name, or an everyday word for a part of them, has every word of the query at the start of a word. Those named so come first, then head to foot. */
export function findSites(query: string): Site[] {
  const parts = plain(query).split(/\s+/).filter(Boolean)
  const found = sites.filter((s) => {
    const known = plain(` ${s.name} ${words[s.id] ?? ''}`)
    return parts.every((p) => known.includes(` ${p}`))
  })
  const named = (s: Site) => Number(s.name.toLowerCase().startsWith(parts.join(' ')))
  return found.sort((a, b) => named(b) - named(a))
}

/** A part of the front view: the patient's right is on the viewer's left. */
export interface Part {
  site: string
  side?: Side
  x: number
  y: number
  width: number
  height: number
  round: number
}

const middle: Part[] = [
  { site: 'scalp', x: 77, y: 4, width: 46, height: 27, round: 13 },
  { site: 'face', x: 77, y: 33, width: 46, height: 34, round: 16 },
  { site: 'trunk', x: 58, y: 71, width: 84, height: 74, round: 12 },
]

const limbs: Part[] = [
  { site: 'upper-arm', x: 27, y: 73, width: 28, height: 44, round: 12 },
  { site: 'forearm', x: 21, y: 119, width: 28, height: 42, round: 12 },
  { site: 'hand', x: 17, y: 163, width: 30, height: 29, round: 13 },
  { site: 'lower-limb', x: 60, y: 148, width: 38, height: 50, round: 13 },
  { site: 'lower-leg', x: 64, y: 200, width: 32, height: 46, round: 12 },
  { site: 'foot', x: 56, y: 248, width: 40, height: 22, round: 10 },
]

export const viewWidth = 200
export const viewHeight = 274

export const parts: Part[] = [
  ...middle,
  ...limbs.map((p) => ({ ...p, side: 'right' as const })),
  ...limbs.map((p) => ({ ...p, side: 'left' as const, x: viewWidth - p.x - p.width })),
]
