// What the GP says about a photo (docs/contracts.md, "Sealed image").

export type Side = 'left' | 'right' | 'both'
export type View = 'locator' | 'near' | 'close-up' | 'dermoscopic'
export type Kind = 'lesion' | 'rash' | 'wound' | 'infection' | 'other'
export type Turn = 0 | 90 | 180 | 270

export interface Details {
  /** At most 200 characters. */
  caption?: string
  /** An id of assets/sites.json. */
  site?: string
  side?: Side
  view?: View
  type?: Kind
  /** True: no thumbnail is shown anywhere. */
  intimate?: boolean
  /** Degrees clockwise; the JPEG's pixels stay as captured. */
  rotate?: Turn
}

export const sides: Side[] = ['left', 'right', 'both']
export const views: View[] = ['locator', 'near', 'close-up', 'dermoscopic']
export const kinds: Kind[] = ['lesion', 'rash', 'wound', 'infection', 'other']
export const maxCaption = 200

/** The form that travels: members in one order, empty ones left out, the caption trimmed and cut to length. */
export function tidy(d: Details): Details {
  const caption = Array.from((d.caption ?? '').trim()).slice(0, maxCaption).join('').trim()
  return {
    ...(caption && { caption }),
    ...(d.site && { site: d.site }),
    ...(d.side && { side: d.side }),
    ...(d.view && { view: d.view }),
    ...(d.type && { type: d.type }),
    ...(d.intimate && { intimate: true }),
    ...(d.rotate && { rotate: d.rotate }),
  }
}

export const same = (a: Details, b: Details): boolean => JSON.stringify(tidy(a)) === JSON.stringify(tidy(b))

/** What "copy to all" carries over: not the rotation, nor the view, which differ from shot to shot. An intimate photo stays intimate. */
export function copied(from: Details, to: Details): Details {
  const { caption, site, side, type } = from
  return tidy({ ...to, caption, site, side, type, intimate: from.intimate || to.intimate })
}

export const turned = (d: Details): Details => tidy({ ...d, rotate: (((d.rotate ?? 0) + 90) % 360) as Turn })
