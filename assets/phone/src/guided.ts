// The guided set: the four views of one finding, asked for in turn.

import { views, type Details, type View } from './details.ts'
import type { Page } from './page.ts'
import type { Photo } from './queue.ts'
import type { Sending } from './sending.ts'
import type { Shutter } from './tab.ts'

export interface GuidedSet {
  /** For each step that is over, the id of its photo; '' when it was skipped. */
  shots: string[]
}

/** The view that is asked for now. */
export const viewNow = (set: GuidedSet): View => views[set.shots.length]!

/** The set after its step was taken (`id`) or skipped (''); null when it is over. */
export function stepped(set: GuidedSet, id: string): GuidedSet | null {
  const shots = [...set.shots, id]
  return shots.length < views.length ? { shots } : null
}

/** What the step's photo is said to be: its view, and the place of the set's first photo that still stands. */
export function detailsNow(set: GuidedSet, photos: Photo[]): Details {
  const first = photos.find((p) => set.shots.includes(p.id) && p.state !== 'failed' && p.state !== 'gone' && !p.removal)
  const { site, side } = first?.details ?? {}
  return { view: viewNow(set), ...(site && { site }), ...(side && { side }) }
}

export const beginSet = (page: Page): void => page.setShutter({ set: { shots: [] } })

/**
 * Takes up a photo for the session whose shutter was pressed, as the set's
 * next step when one is under way. The photos of a set are of one finding: the
 * mark "intimate" stays on for the next of them, until it is taken off.
 */
export function shot(page: Page, file: File, s: Sending): void {
  const { set, nextIntimate } = s.shutter
  if (!set) return page.add([file], 'camera', s)
  page.add([file], 'camera', s, detailsNow(set, s.uploader.photos))
  if (page.notAdded > 0) return
  const { photos } = s.uploader
  const next = stepped(set, photos[photos.length - 1]!.id)
  follow(page, s, { set: next, nextIntimate: nextIntimate && next !== null })
}

export const skip = (page: Page, s: Sending): void => follow(page, s, { set: s.shutter.set && stepped(s.shutter.set, '') })

export const endSet = (page: Page, s: Sending): void => follow(page, s, { set: null })

/** What comes after a step: the next one, or all photos. */
function follow(page: Page, s: Sending, change: Partial<Shutter>): void {
  page.setShutter(change, s)
  if (!change.set && s === page.sending && (page.screen.name === 'set' || page.screen.name === 'camera')) page.show({ name: 'session' })
}
