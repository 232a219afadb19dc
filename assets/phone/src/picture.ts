// What can be told of a file from its first bytes, before anything decodes it.

export type Sniffed =
  | { kind: 'jpeg' | 'png'; width: number; height: number; orientation: number }
  | { kind: 'heic' | 'other' }

export const maxPixels = 50_000_000
export const maxSide = 12_000

/** Sniffs by magic bytes and reads the announced size. */
export function sniff(b: Uint8Array): Sniffed {
  if (b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff) return jpegSize(b)
  const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  if (b.length >= 24 && png.every((v, i) => b[i] === v)) {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength)
    return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20), orientation: 1 }
  }
  const brand = String.fromCharCode(...b.subarray(4, 12))
  if (/^ftyp(hei|hev|hex|mif1|msf1|avif)/.test(brand)) return { kind: 'heic' }
  return { kind: 'other' }
}

/** Calls see for each JPEG segment until the first scan; false from see stops. */
export function segments(b: Uint8Array, see: (marker: number, start: number, end: number) => boolean): number {
  let at = 2
  while (at + 4 <= b.length && b[at] === 0xff) {
    const marker = b[at + 1]!
    if (marker === 0xff) {
      at++
      continue
    }
    const end = at + 2 + ((b[at + 2]! << 8) | b[at + 3]!)
    if (marker === 0xda || end > b.length || end < at + 4) break
    if (!see(marker, at, end)) break
    at = end
  }
  return at
}

function jpegSize(b: Uint8Array): Sniffed {
  let width = 0
  let height = 0
  let orientation = 1
  segments(b, (marker, start, end) => {
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (frame && end - start >= 9) {
      height = (b[start + 5]! << 8) | b[start + 6]!
      width = (b[start + 7]! << 8) | b[start + 8]!
      return false
    }
    if (marker === 0xe1) orientation = exifOrientation(b.subarray(start + 4, end)) || orientation
    return true
  })
  return width && height ? { kind: 'jpeg', width, height, orientation } : { kind: 'other' }
}

function exifOrientation(app1: Uint8Array): number {
  if (String.fromCharCode(...app1.subarray(0, 4)) !== 'Exif' || app1.length < 16) return 0
  const view = new DataView(app1.buffer, app1.byteOffset + 6, app1.byteLength - 6)
  try {
    const little = view.getUint16(0) === 0x4949
    const directory = view.getUint32(4, little)
    const count = view.getUint16(directory, little)
    for (let i = 0; i < count; i++) {
      const entry = directory + 2 + 12 * i
      if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little)
    }
  } catch {
    return 0 // a directory that points outside the segment
  }
  return 0
}

/**
 * The JPEG without EXIF, XMP, IPTC, comments and whatever follows its end:
 * only JFIF, Adobe's colour transform and the colour profile stay.
 */
export function stripMetadata(b: Uint8Array): Uint8Array {
  const keep: Uint8Array[] = [b.subarray(0, 2)]
  const scan = segments(b, (marker, start, end) => {
    const app = marker >= 0xe0 && marker <= 0xef
    const icc = marker === 0xe2 && String.fromCharCode(...b.subarray(start + 4, start + 15)) === 'ICC_PROFILE'
    if ((!app && marker !== 0xfe) || marker === 0xe0 || marker === 0xee || icc) keep.push(b.subarray(start, end))
    return true
  })
  keep.push(b.subarray(scan, endOfImage(b, scan)))
  const out = new Uint8Array(keep.reduce((n, k) => n + k.length, 0))
  let at = 0
  for (const k of keep) {
    out.set(k, at)
    at += k.length
  }
  return out
}

/** Just past the end-of-image marker; the file's end when it has none. */
function endOfImage(b: Uint8Array, from: number): number {
  let at = from
  while (at + 1 < b.length) {
    const marker = b[at + 1]!
    if (b[at] !== 0xff || marker === 0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd7)) at++
    else if (marker === 0xd9) return at + 2
    else at += 2 + (((b[at + 2] ?? 0) << 8) | (b[at + 3] ?? 2)) // a table or the next scan's header
  }
  return b.length
}

/** A JPEG without EXIF, given an orientation (1 to 8). */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  const exif = [0xff, 0xe1, 0, 34, ...[...'Exif\0\0MM\0*'].map((c) => c.charCodeAt(0)), 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
  const out = new Uint8Array(jpeg.length + exif.length)
  out.set(jpeg.subarray(0, 2))
  out.set(exif, 2)
  out.set(jpeg.subarray(2), 2 + exif.length)
  return out
}
