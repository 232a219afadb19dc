// What the practice wants said of every photo (docs/contracts.md, "Session API").

import type { Asks } from './api.ts'
import { tidy, type Details } from './details.ts'
import type { Photo } from './queue.ts'

/** What is required and not said of one photo or another; `may` tells which of them can still be changed. */
export const wanting = (photos: Photo[], require: Asks['require'], may: (p: Photo) => boolean): Asks['require'] =>
  require.filter((d) => photos.some((p) => may(p) && !p.details[d]))

/**
 * A photo's details with what was given for all that lack it: its own stand,
 * and a side that was given with a site goes only where the site goes.
 */
export function completed(own: Details, given: Details): Details {
  const { side, ...rest } = given
  const goes = side && !own.side && !(given.site && own.site)
  return tidy({ ...rest, ...tidy(own), ...(goes && { side }) })
}
