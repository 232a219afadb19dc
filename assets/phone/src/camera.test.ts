import { describe, expect, it } from 'vitest'
import { Finder, firstGranted, ghostOf, tiltOf, troubleOf, wishes, type FinderState } from './camera.ts'
import type { Details } from './details.ts'
import { reduce, type Photo } from './queue.ts'

const error = (name: string) => new DOMException('', name)

describe('what goes wrong with a camera', () => {
  it.each([
    ['NotAllowedError', 'refused'], ['SecurityError', 'refused'], ['NotFoundError', 'none'], ['OverconstrainedError', 'none'],
    ['NotReadableError', 'busy'], ['AbortError', 'busy'], ['TypeError', 'failed'],
  ])('%s is %s', (name, want) => expect(troubleOf(error(name))).toBe(want))
  it('is something, whatever is thrown', () => expect([troubleOf(null), troubleOf('no')]).toEqual(['failed', 'failed']))
})

describe('the camera asked for', () => {
  it('looks away from its user, is as sharp as it can be, and hears nothing', () => {
    expect(wishes.map((w) => [w.audio, (w.video as MediaTrackConstraints).facingMode])).toEqual(Array(2).fill([false, { ideal: 'environment' }]))
    expect(wishes[0]!.video).toMatchObject({ width: { ideal: 4096 }, height: { ideal: 3072 } })
  })
  it('may be a plainer one where a sharp one is not given', async () => {
    const asked: MediaStreamConstraints[] = []
    const got = await firstGranted(async (w) => {
      asked.push(w)
      if (asked.length === 1) throw error('NotReadableError')
      return 'plain'
    })
    expect([got, asked]).toEqual(['plain', wishes])
  })
  it('is not asked for again after a refusal', async () => {
    let asked = 0
    await expect(firstGranted(async () => { asked++; throw error('NotAllowedError') })).rejects.toThrow()
    expect(asked).toBe(1)
  })
})

/** Cameras that open when told to, and know whether they run. */
function cameras() {
  const opened: { running: boolean; give(): void; refuse(name: string): void; unplug(): void }[] = []
  const media = {
    getSupportedConstraints: () => ({}),
    getUserMedia: () => new Promise<MediaStream>((resolve, reject) => {
      let unplug = () => {}
      const one = { running: false, give() {
        one.running = true
        const track = { stop: () => void (one.running = false), addEventListener: (_: string, f: () => void) => void (unplug = f) }
        resolve({ getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream)
      }, refuse: (name: string) => reject(error(name)), unplug: () => unplug() }
      opened.push(one)
    }),
  }
  let state: FinderState = { at: 'opening' }
  return { opened, finder: new Finder(media, (s) => void (state = s)), said: () => (state.at === 'trouble' ? state.why : state.at) }
}

describe('finder', () => {
  it('opens, and puts the camera out', async () => {
    const c = cameras()
    const opening = c.finder.open()
    c.opened[0]!.give()
    await opening
    expect([c.said(), c.opened[0]!.running]).toEqual(['open', true])
    c.finder.stop()
    expect([c.said(), c.opened[0]!.running]).toEqual(['opening', false])
  })
  it('puts out a camera that comes when it is no longer wanted', async () => {
    const c = cameras()
    const opening = c.finder.open()
    c.finder.stop()
    c.opened[0]!.give()
    await opening
    expect([c.said(), c.opened[0]!.running]).toEqual(['opening', false])
  })
  it('says why there is none', async () => {
    const c = cameras()
    const opening = c.finder.open()
    c.opened[0]!.refuse('NotAllowedError')
    await opening
    expect(c.said()).toBe('refused')
  })
  it('notices a camera that goes away, and may open it again', async () => {
    const c = cameras()
    const opening = c.finder.open()
    c.opened[0]!.give()
    await opening
    c.opened[0]!.unplug()
    expect([c.said(), c.opened[0]!.running]).toEqual(['lost', false])
    const again = c.finder.open()
    c.opened[1]!.give()
    await again
    c.opened[0]!.unplug() // an old camera's last word
    expect(c.said()).toBe('open')
  })
})

describe('level', () => {
  const tilt = (beta: number, gamma: number) => {
    const { off, roll } = tiltOf(beta, gamma)
    return [Math.round(off) + 0, Math.round(roll) + 0]
  }
  it.each([
    ['upright', 90, 0, 0, 0],
    ['upright, leaning back', 60, 0, 0, 0],
    ['flat on its back', 0, 0, 0, 0],
    ['flat, a little aside', 0, 10, 10, 0],
    ['flat, looking up', 180, 0, 0, 0],
    ['on its side', 0, -90, 0, 0],
    ['upright, its right edge up by ten degrees', 80, -90, 10, 10],
    ['on its left edge, its top up by ten degrees', 10, -90, 10, -10],
    ['on its right edge, its top up by ten degrees', 10, 90, 10, 10],
  ])('%s', (_, beta, gamma, off, roll) => expect(tilt(beta, gamma)).toEqual([off, roll]))
})

describe('ghost of the previous shot', () => {
  const shot = (details: Details, more: Partial<Photo> = {}): Photo => ({ ...reduce([], { type: 'shot', id: 'a', order: 1, details })[0]!, thumb: 'small', ...more })
  it('is the last photo that stands', () => {
    expect(ghostOf([shot({}, { preview: 'large' }), shot({}, { thumb: 'removed', removal: 'undo' }), shot({}, { thumb: 'gone', state: 'gone' })])).toBe('large')
    expect(ghostOf([shot({}), shot({}, { thumb: 'newer' })])).toBe('newer')
  })
  it('is never of an intimate photo, nor of one before it', () => expect(ghostOf([shot({}), shot({ intimate: true })])).toBe(''))
  it('is none where there is none', () => expect([ghostOf([]), ghostOf([shot({}, { thumb: '' })])]).toEqual(['', '']))
})
