import { describe, expect, it } from 'vitest'
import type { Details } from './details.ts'
import { beginSet, detailsNow, endSet, shot, skip, stepped, viewNow, type GuidedSet } from './guided.ts'
import type { Page } from './page.ts'
import { reduce, type Photo } from './queue.ts'
import type { Sending } from './sending.ts'
import type { Shutter } from './tab.ts'

const taken = (id: string, details: Details = {}, more: Partial<Photo> = {}): Photo => ({ ...reduce([], { type: 'shot', id, order: 1, details })[0]!, ...more })

/** What a set needs of the page and of a session with room for so many photos. */
function phone(room = 20) {
  const s = { shutter: { nextIntimate: false, set: null, asked: false } as Shutter, uploader: { photos: [] as Photo[] } }
  const page = {
    sending: s, notAdded: 0, screen: { name: 'set' },
    setShutter: (change: Partial<Shutter>, of = s) => void Object.assign(of.shutter, change),
    show: (screen: { name: string }) => void (page.screen = screen),
    add(files: File[], _: string, to: typeof s, like: Details = {}) {
      const { photos } = to.uploader
      page.notAdded = photos.length < room ? 0 : files.length
      if (page.notAdded) return
      photos.push(taken(`p${photos.length}`, to.shutter.nextIntimate ? { ...like, intimate: true } : like))
      to.shutter.nextIntimate = false
    },
  }
  const of = page as unknown as Page
  const session = s as unknown as Sending
  return {
    page, s, begin: () => beginSet(of), skip: () => skip(of, session), end: () => endSet(of, session),
    shoot: () => shot(of, new File([], 'photo'), session), said: () => s.uploader.photos.map((p) => p.details),
  }
}

describe('guided set', () => {
  it('asks for the four views in turn, and ends', () => {
    const p = phone()
    p.begin()
    for (let i = 0; i < 4; i++) p.shoot()
    expect(p.said().map((d) => d.view)).toEqual(['locator', 'near', 'close-up', 'dermoscopic'])
    expect([p.s.shutter.set, p.page.screen.name]).toEqual([null, 'session'])
    p.shoot()
    expect(p.said()[4]).toEqual({})
  })
  it('passes over a step without a photo', () => {
    const p = phone()
    p.begin()
    p.shoot()
    p.skip()
    p.shoot()
    expect(p.said().map((d) => d.view)).toEqual(['locator', 'close-up'])
    p.skip()
    expect([p.s.shutter.set, p.page.screen.name]).toEqual([null, 'session'])
  })
  it('can be ended at any step, and begins anew', () => {
    const p = phone()
    p.begin()
    p.shoot()
    p.end()
    expect([p.s.shutter.set, p.page.screen.name]).toEqual([null, 'session'])
    p.begin()
    expect(viewNow(p.s.shutter.set!)).toBe('locator')
  })
  it('keeps its step when the session had no room for the photo', () => {
    const p = phone(1)
    p.begin()
    p.shoot()
    p.shoot()
    expect(p.s.shutter.set).toEqual({ shots: ['p0'] })
  })
  it('goes on in its own session when the patient has changed, and shows nothing of it', () => {
    const p = phone()
    p.begin()
    for (let i = 0; i < 3; i++) p.skip()
    p.page.sending = { ...p.s, shutter: { nextIntimate: true, set: { shots: [] }, asked: false } }
    p.shoot()
    expect([p.said()[0], p.s.shutter.set]).toEqual([{ view: 'dermoscopic' }, null])
    expect([p.page.sending.shutter, p.page.screen.name]).toEqual([{ nextIntimate: true, set: { shots: [] }, asked: false }, 'set'])
  })
  it('does not take its user back from where he went meanwhile', () => {
    const p = phone()
    p.begin()
    for (let i = 0; i < 3; i++) p.skip()
    p.page.screen = { name: 'left' }
    p.shoot()
    expect(p.page.screen.name).toBe('left')
  })
  it('stays intimate within the set only', () => {
    const p = phone()
    p.begin()
    for (const intimate of [true, true, false, true]) {
      p.s.shutter.nextIntimate = intimate
      p.shoot()
      expect(p.s.shutter.nextIntimate).toBe(intimate && p.s.shutter.set !== null)
    }
    expect(p.said().map((d) => Boolean(d.intimate))).toEqual([true, true, false, true])
  })
})

describe('details of a step', () => {
  const set = { shots: ['a', '', 'b'] }
  it('take over where the first photo is, and nothing else of it', () => {
    const photos = [taken('other', { site: 'hand' }), taken('a', { site: 'foot', side: 'left', caption: 'sore', type: 'wound', rotate: 90 })]
    expect(detailsNow(set, photos)).toEqual({ view: 'dermoscopic', site: 'foot', side: 'left' })
  })
  it('are the view alone before the place is known', () => {
    expect(detailsNow(set, [taken('a')])).toEqual({ view: 'dermoscopic' })
    expect(detailsNow({ shots: [] }, [taken('other', { site: 'hand' })])).toEqual({ view: 'locator' })
  })
  it.each([{ removal: 'undo' as const }, { state: 'gone' as const }, { state: 'failed' as const }])('do not follow a photo that is %j', (more) => {
    const photos = [taken('a', { site: 'foot' }, more), taken('b', { site: 'hand' })]
    expect(detailsNow(set, photos)).toEqual({ view: 'dermoscopic', site: 'hand' })
  })
})

it('a set never has more steps than there are views', () => {
  let set: GuidedSet | null = { shots: [] }
  let steps = 0
  for (; set; steps++) set = stepped(set, '')
  expect(steps).toBe(4)
})
