// From whatever the camera gave to a small JPEG without metadata. Loaded
// while the camera is open.

import { opensAnywhere } from './jpegform.ts'
import { judgedEdge, look, type Look } from './quality.ts'
import { maxPixels, maxSide, sniff, stripMetadata } from './picture.ts'
import { Refused } from './refused.ts'

/** Below the 1 MB that the record systems accept: the target where the practice sets none. */
export const targetBytes = 990_000
/** A 12-megapixel photo keeps its long edge; iOS paints larger canvases black. */
const longEdge = 4096

export interface Small {
  jpeg: Uint8Array
  width: number
  height: number
  originalType: string
  originalBytes: number
  thumb: Blob | null
  look: Look
}

/** `target` is in bytes. Throws Refused when the file is not a photo this page can send. */
export async function shrink(file: Blob, target = targetBytes): Promise<Small> {
  const original = new Uint8Array(await file.arrayBuffer())
  const seen = sniff(original)
  if (original.length === 0) throw new Refused('empty')
  if (seen.kind !== 'jpeg' && seen.kind !== 'png') return foreign(original, seen.kind, target)
  if (seen.width * seen.height > maxPixels || Math.max(seen.width, seen.height) > maxSide) throw new Refused('too-many-pixels')

  const type = seen.kind === 'png' ? 'image/png' : 'image/jpeg'
  const typed = blobOf(original, type)
  // A small upright JPEG of an ordinary form loses nothing: only its metadata goes.
  const asIs = seen.kind === 'jpeg' && seen.orientation <= 1 && original.length <= target && opensAnywhere(original)
  const picture = await decode(typed, seen)
  try {
    return whole(asIs ? original : await smaller(picture, target), await judge(picture), type, original)
  } finally {
    release(picture)
  }
}

/** HEIC, WebP and whatever else this browser can open, but the workstation may not. */
async function foreign(original: Uint8Array, kind: 'heic' | 'other', target: number): Promise<Small> {
  const picture = await createImageBitmap(blobOf(original, '')).catch(() => {
    throw new Refused(kind === 'heic' ? 'heic' : 'not-image')
  })
  try {
    if (picture.width * picture.height > maxPixels || Math.max(picture.width, picture.height) > maxSide) throw new Refused('too-many-pixels')
    return whole(await smaller(picture, target), await judge(picture), kind === 'heic' ? 'image/heic' : '', original)
  } finally {
    release(picture)
  }
}

interface Seen {
  thumb: Blob | null
  look: Look
}

function whole(bytes: Uint8Array, seen: Seen, originalType: string, original: Uint8Array): Small {
  const jpeg = stripMetadata(bytes)
  const size = sniff(jpeg)
  if (size.kind !== 'jpeg') throw new Refused('damaged')
  return { jpeg, width: size.width, height: size.height, originalType, originalBytes: original.length, ...seen }
}

/** A picture of the JPEG for the large view, small enough to hold many of them in memory. */
export async function preview(jpeg: Uint8Array): Promise<Blob> {
  const picture = await decode(blobOf(jpeg))
  const canvas = draw(picture, 1280)
  release(picture)
  return new Blob([(await encoded(canvas, 0.8)) as BlobPart], { type: 'image/jpeg' })
}

const qualities = [0.86, 0.79, 0.72] // below that a smaller picture shows more, as long as it is not too small
const steps = [
  ...[longEdge, 3000, 2400, 2000].flatMap((edge) => qualities.map((quality) => ({ edge, quality }))),
  { edge: 2000, quality: 0.6 },
  { edge: 1600, quality: 0.72 },
  { edge: 1600, quality: 0.6 },
]

/** Encodes the picture as large and as well as fits; a guess from samples spares it most tries in vain. */
async function smaller(picture: Picture, target: number): Promise<Uint8Array> {
  let best: Uint8Array | null = null
  let dark = Infinity // the smallest edge that was too much for the phone
  for (const [i, { edge, quality }] of steps.entries()) {
    const last = i === steps.length - 1
    if (edge >= dark || (!last && (await guess(picture, edge, quality)) > target)) continue
    const canvas = draw(picture, edge)
    // A canvas that is too much for the phone comes out black, without an error.
    if (unlit(canvas) && (await judge(canvas)).look === 'black' && (await judge(picture)).look !== 'black') {
      dark = edge
      continue
    }
    best = await encoded(canvas, quality)
    if (best.length <= target) return best
  }
  if (!best) throw new Refused('memory')
  return best
}

/** Whether no pixel of a few all over the canvas has any light. */
function unlit(canvas: HTMLCanvasElement): boolean {
  const ctx = canvas.getContext('2d')!
  for (let i = 1; i < 8; i++) {
    for (let j = 1; j < 8; j++) {
      const { data: [r, g, b] } = ctx.getImageData((canvas.width * i) >> 3, (canvas.height * j) >> 3, 1, 1)
      if (r || g || b) return false
    }
  }
  return true
}

/** Samples across and down, each so many pixels square. */
const samples = 4
const sampleEdge = 128

/** About how many bytes the picture would have, from parts all over it. */
async function guess(picture: Picture, edge: number, quality: number): Promise<number> {
  const { width, height, scale } = fit(picture, edge)
  if (Math.min(width, height) < samples * sampleEdge) return 0 // no dearer to try
  const sheet = blank(samples * sampleEdge, samples * sampleEdge)
  const part = sampleEdge / scale
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < samples; j++) {
      const x = (i * (picture.width - part)) / (samples - 1)
      const y = (j * (picture.height - part)) / (samples - 1)
      sheet.ctx.drawImage(picture, x, y, part, part, i * sampleEdge, j * sampleEdge, sampleEdge, sampleEdge)
    }
  }
  const { length } = await encoded(sheet.canvas, quality)
  return (length * width * height) / (samples * sampleEdge) ** 2
}

type Picture = ImageBitmap | HTMLImageElement | HTMLCanvasElement

/**
 * A bitmap is decoded once, an <img> again for its first use; but not every
 * browser turns a bitmap upright, and only a quarter turn shows in its size.
 */
async function decode(file: Blob, stored = { orientation: 1, width: 0, height: 0 }): Promise<Picture> {
  const { orientation, width, height } = stored
  if (orientation <= 1 || (orientation >= 5 && width !== height)) {
    const bitmap = await createImageBitmap(file).catch(() => null)
    if (bitmap && (orientation <= 1 || bitmap.width === height)) return bitmap
    bitmap?.close()
  }
  const url = URL.createObjectURL(file)
  try {
    const img = new Image()
    img.src = url
    await img.decode()
    return img
  } catch {
    throw new Refused('damaged')
  } finally {
    URL.revokeObjectURL(url)
  }
}

function release(picture: Picture): void {
  if ('close' in picture) picture.close() // 48 MB of a 12-megapixel photo
}

function fit(picture: Picture, edge: number): { width: number; height: number; scale: number } {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height))
  return { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)), scale }
}

function blank(width: number, height: number): { canvas: HTMLCanvasElement; ctx: CanvasRenderingContext2D } {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Refused('memory')
  ctx.fillStyle = '#fff'
  ctx.fillRect(0, 0, width, height)
  return { canvas, ctx }
}

function draw(picture: Picture, edge: number): HTMLCanvasElement {
  const { width, height, scale } = fit(picture, edge)
  const { canvas, ctx } = blank(width, height)
  ctx.imageSmoothingEnabled = scale < 1
  ctx.drawImage(picture, 0, 0, width, height)
  return canvas
}

/** The canvas as a JPEG; the canvas is of no use afterwards. */
async function encoded(canvas: HTMLCanvasElement, quality: number): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality))
  canvas.width = canvas.height = 0 // Safari keeps the memory otherwise
  if (!blob) throw new Refused('memory')
  return new Uint8Array(await blob.arrayBuffer())
}

const blobOf = (bytes: Uint8Array, type = 'image/jpeg'): Blob => new Blob([bytes as BlobPart], { type })

/** Thumbnail and looks. */
async function judge(picture: Picture): Promise<Seen> {
  try {
    const canvas = draw(picture, judgedEdge)
    const { data, width, height } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    const looks = look(data, width, height)
    return { look: looks, thumb: blobOf(await encoded(canvas, 0.7)) }
  } catch {
    return { look: 'good', thumb: null }
  }
}
