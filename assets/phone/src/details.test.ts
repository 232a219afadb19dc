import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { copied, same, tidy, turned, type Details } from './details.ts'
import { later } from './later.ts'
import { findSites, parts, sites } from './sites.ts'
import { fill, over, prefersMaori } from './text.ts'
import { speedText, stateText, warning } from './words.ts'
import { reduce, type Photo } from './queue.ts'
import en from '../../lang/phone.en.json'
import mi from '../../lang/phone.mi.json'
import laterEn from '../../lang/phone-later.en.json'
import laterMi from '../../lang/phone-later.mi.json'

describe('details', () => {
  it('travel without what is empty, in one order', () => {
    expect(JSON.stringify(tidy({ rotate: 0, intimate: false, side: 'left', caption: '  a ', site: undefined }))).toBe('{"caption":"a","side":"left"}')
    expect(tidy({})).toEqual({})
  })
  it('cut a caption at 200 characters, never through one', () => {
    expect(tidy({ caption: '🩹'.repeat(250) }).caption).toBe('🩹'.repeat(200))
  })
  it('turn by quarters and back', () => {
    const seen: Details[] = [{}]
    for (let i = 0; i < 4; i++) seen.push(turned(seen[i]!))
    expect(seen.map((d) => d.rotate)).toEqual([undefined, 90, 180, 270, undefined])
  })
  it('copy what holds for all photos, never uncover an intimate one', () => {
    const from: Details = { caption: 'c', site: 'hand', side: 'left', type: 'rash', view: 'near', rotate: 90 }
    expect(copied(from, { view: 'close-up', intimate: true, rotate: 180, side: 'right' }))
      .toEqual({ caption: 'c', site: 'hand', side: 'left', type: 'rash', view: 'close-up', intimate: true, rotate: 180 })
    expect(copied({ intimate: true }, {})).toEqual({ intimate: true })
  })
  it('are the same whatever the spaces around the caption', () => {
    expect(same({ caption: 'a ' }, { caption: 'a', intimate: false })).toBe(true)
    expect(same({ caption: 'a' }, {})).toBe(false)
  })
})

describe('body sites', () => {
  it('are the eleven, each with its code once', () => {
    expect(sites).toHaveLength(11)
    expect(new Set(sites.map((s) => s.sct)).size).toBe(11)
    expect(sites.find((s) => s.id === 'hand')?.sct).toBe('85562004')
  })
  it.each([['', 11], ['ha', 2], ['shin', 1], ['lower', 3], ['lower leg', 2], ['ARM', 3], ['hānd', 1], ['zebra', 0]])('%s finds %i', (query, n) => {
    expect(findSites(query)).toHaveLength(n)
  })
  it('put the one that is named so first', () => {
    expect(findSites('lower leg').map((s) => s.id)).toEqual(['lower-leg', 'lower-limb'])
  })
  it('are drawn once, or once a side', () => {
    const ids = new Set(sites.map((s) => s.id))
    for (const p of parts) expect(ids.has(p.site)).toBe(true)
    expect(new Set(parts.map((p) => `${p.site} ${p.side}`)).size).toBe(parts.length)
    const hands = parts.filter((p) => p.site === 'hand')
    expect(hands.find((p) => p.side === 'right')!.x).toBeLessThan(hands.find((p) => p.side === 'left')!.x)
  })
  it('each have everyday words to be found by', () => {
    expect(Object.keys(later.siteWords).sort()).toEqual(sites.map((s) => s.id).sort())
  })
})

describe('what is said of a photo', () => {
  const photo = (change: Partial<Photo>): Photo => ({ ...reduce([], { type: 'shot', id: 'a', order: 1 })[0]!, ...change })
  it('names the speed in the unit that fits', () => {
    expect([0, 400, 320_400, 1_430_000].map(speedText)).toEqual(['', '1\u00a0KB/s', '320\u00a0KB/s', '1.4\u00a0MB/s'])
    expect(stateText(photo({ state: 'sending', progress: 0.42, speed: 2e6 }))).toBe('Sending 42\u00a0% · 2.0\u00a0MB/s')
  })
  it('says "in the record" only for a record system’s own receipt', () => {
    expect(stateText(photo({ state: 'filed', sinks: ['folder'] }))).toBe(later.state.filed)
    expect(stateText(photo({ state: 'filed', sinks: ['folder', 'alex-media'] }))).toBe(later.inRecord)
    expect(stateText(photo({ state: 'landed', sinks: ['alex-media'] }))).toBe(later.state.landed)
  })
  it('says "removed" only when the workstation has', () => {
    for (const removal of ['undo', 'wanted', 'asked'] as const) expect(stateText(photo({ state: 'landed', removal }))).toBe(later.removal.running)
    expect(stateText(photo({ state: 'gone', removal: 'asked' }))).toBe(later.removal.done)
    expect(stateText(photo({ state: 'gone' }))).toBe(later.state.gone)
    expect(stateText(photo({ state: 'filed', removal: 'refused' }))).toBe(later.removal.refused)
  })
  it('warns of blur and darkness, not of what has gone', () => {
    expect(warning(photo({ look: 'blurred' }))).toBe(later.look.blurred)
    expect(warning(photo({ look: 'black' }))).toBe(later.look.dark)
    expect([warning(photo({ look: 'good' })), warning(photo({ look: 'dark', state: 'gone' })), warning(photo({}))]).toEqual(['', '', ''])
  })
})

describe('languages', () => {
  it.each([[['mi-NZ', 'en-NZ'], true], [['mi'], true], [['fr', 'mi'], true], [['en-NZ', 'mi'], false], [['min'], false], [[], false]])('%s prefers te reo: %s', (languages, want) => {
    expect(prefersMaori(languages as string[])).toBe(want)
  })
  it('fall back to English string by string', () => {
    const both = { ...over(en, mi), ...over(laterEn, laterMi) }
    expect([both.done, both.side.left, both.kind.lesion, both.advice]).toEqual([mi.done, laterMi.side.left, laterEn.kind.lesion, en.advice])
    expect(over({ a: 'x', b: { c: 'y' } }, { b: 'not a tree' })).toEqual({ a: 'x', b: { c: 'y' } })
  })
  it('have only strings that English has, with the same places to fill', () => {
    const check = (base: object, other: object): void => {
      for (const [key, value] of Object.entries(other)) {
        const known = (base as Record<string, unknown>)[key]
        expect(typeof known).toBe(typeof value)
        if (typeof value === 'string') expect(value.match(/\{\w+\}/g)).toEqual((known as string).match(/\{\w+\}/g))
        else check(known as object, value as object)
      }
    }
    check(en, mi)
    check(laterEn, laterMi)
    expect(fill(mi.photo, { n: 2 })).toBe('Whakaahua 2')
  })
})

describe('the shared list', () => {
  it('is written one object a line', () => {
    const url = new URL('../../sites.json', import.meta.url)
    expect(readFileSync(url, 'utf8')).toBe(`[\n${sites.map((s) => `  ${JSON.stringify(s)}`).join(',\n')}\n]\n`)
  })
})
