// The link parser and the workstation's agree: both read
// sync/pairing/testdata/links.json, and whatever comes of a link by damage is
// refused or means what it says.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toBase64url, utf8 } from './bytes.ts'
import { parseFragment, parsePath } from './link.ts'

interface Vector {
  why: string
  link: string
  name: string
  age: string
  nhiTail: string
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../sync/pairing/testdata/links.json', import.meta.url), 'utf8'),
) as { base: string; good: string; accepts: Vector[]; refuses: Vector[] }

/** As the page does: the browser takes the address apart. */
function parse(link: string) {
  const url = new URL(vectors.base + link)
  const place = parsePath(url.pathname)
  const keys = parseFragment(url.hash)
  return place && keys ? { place, keys } : null
}

describe('links that both ends read', () => {
  it.each(vectors.accepts)('accepts $why', ({ link, name, age, nhiTail }) => {
    expect(parse(link)?.keys.hint).toEqual({ name, age, nhiTail })
  })
  it.each(vectors.refuses)('refuses $why', ({ link }) => {
    expect(parse(link)).toBeNull()
  })
})

/** The same numbers on every run (mulberry32). */
function numbers(seed: number) {
  return (below: number) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const strange = [...'#./|?%+=-_&<> 0AZaz~\\', '\u0000', 'ā', '\u202e', '\ufeff', '%23', '%2e', '..', 'age1']

describe('a damaged link', () => {
  it('is refused, or is written as it was read', () => {
    const random = numbers(20261123)
    const [goodPath, goodFragment] = vectors.good.split('#') as [string, string]
    let read = 0
    for (let n = 0; n < 20_000; n++) {
      let path = goodPath
      let fragment = goodFragment
      for (let damage = 1 + random(3); damage > 0; damage--) {
        const text = random(2) === 0 ? path : fragment
        const at = random(text.length + 1)
        const cut = random(4)
        const damaged = text.slice(0, at) + (random(3) === 0 ? '' : strange[random(strange.length)]!) + text.slice(at + cut)
        if (text === path) path = damaged
        else fragment = damaged
      }
      const place = parsePath(path)
      if (place) {
        expect(`/p/${place.practice}/${place.token}`).toBe(path.replace(/\/$/, ''))
      }
      const keys = parseFragment(fragment)
      if (!keys) continue
      read++
      const { name, age, nhiTail } = keys.hint
      const hint = `${name}|${age}|${nhiTail}`
      expect(utf8(hint).length).toBeLessThanOrEqual(160)
      expect(`${keys.recipient}.${toBase64url(keys.secret)}.${toBase64url(utf8(hint))}`).toBe(fragment.replace(/^#/, ''))
    }
    expect(read).toBeGreaterThan(100)
  })
  it('of random bytes is refused without an error', () => {
    const random = numbers(1)
    for (let n = 0; n < 5_000; n++) {
      const text = Array.from({ length: random(200) }, () => String.fromCharCode(random(0x3000))).join('')
      expect(parsePath(text)).toBeNull()
      expect(parseFragment(text)).toBeNull()
    }
  })
})
