// From whatever the camera gave to a small JPEG without metadata. Runs in a
// worker where the browser can decode and draw there, on the page elsewhere.

import { opensAnywhere } from './jpegform.ts'
import { defaultTarget, fit, fitting, lastStep, longEdge, steps, type Step } from './ladder.ts'
import { judgedEdge, look, type Look } from './quality.ts'
import { maxPixels, maxSide, sniff, stripMetadata, withOrientation } from './picture.ts'
import { Refused, Unable } from './refused.ts'

export interface Small {
  jpeg: Uint8Array
  width: number
  height: number
  originalType: string
  originalBytes: number
  thumb: Blob | null
  look: Look
}

/**
 * The JPEG stays below `target` bytes. Calls `freed` once the decoded picture is let go: the
 * next one may be decoded while this one is encoded. Throws Refused when the
 * file is not a photo this page can send, Unable when only the page can tell.
 */
export async function shrink(file: Blob, target = defaultTarget, freed: () => void = () => {}): Promise<Small> {
  const original = new Uint8Array(await file.arrayBuffer())
  if (original.length === 0) throw new Refused('empty')
  const seen = sniff(original)
  const known = seen.kind === 'jpeg' || seen.kind === 'png'
  if (known) bounded(seen)
  const type = known ? `image/${seen.kind}` : seen.kind === 'heic' ? 'image/heic' : ''
  // HEIC, WebP and whatever else this browser can open, but the workstation may not, is opened by its content.
  const picture = await decode(blobOf(original, known ? type : ''), known ? seen : null).catch((err: unknown) => {
    if (err instanceof Refused && !known) throw new Refused(seen.kind === 'heic' ? 'heic' : 'not-image')
    throw err
  })
  const free = once(() => {
    release(picture)
    freed()
  })
  try {
    if (!known) bounded(picture)
    const judged = await judge(picture)
    // A small upright JPEG of an ordinary form loses nothing: only its metadata goes.
    const asIs = seen.kind === 'jpeg' && seen.orientation <= 1 && original.length < target && opensAnywhere(original)
    const jpeg = stripMetadata(asIs ? original : await smaller(picture, target, free))
    const size = sniff(jpeg)
    if (size.kind !== 'jpeg') throw new Refused('damaged')
    return { jpeg, width: size.width, height: size.height, originalType: type, originalBytes: original.length, ...judged }
  } finally {
    free()
  }
}

function bounded({ width, height }: { width: number; height: number }): void {
  if (width * height > maxPixels || Math.max(width, height) > maxSide) throw new Refused('too-many-pixels')
}

function once(f: () => void): () => void {
  let done = false
  return () => {
    if (!done) f()
    done = true
  }
}

/** A picture of the JPEG for the large view, small enough to hold many of them in memory. */
export async function preview(jpeg: Uint8Array): Promise<Blob> {
  const picture = await decode(blobOf(jpeg))
  const canvas = draw(picture, 1280)
  release(picture)
  return blobOf(await encoded(canvas, 0.8))
}

/** Encodes the picture as large and as well as fits; a guess from samples spares it most tries in vain. */
async function smaller(picture: Picture, target: number, free: () => void): Promise<Uint8Array> {
  const guess = guesser(picture)
  let at = await fitting(guess, target)
  let canvas = draw(picture, steps[at]!.edge)
  // A canvas that is too much for the phone comes out black, without an error.
  while (unlit(canvas) && judged(canvas) === 'black' && judged(picture) !== 'black') {
    const dark = Math.min(steps[at]!.edge, canvas.width > canvas.height ? canvas.width : canvas.height)
    at = steps.findIndex((s) => s.edge < dark)
    if (at < 0) throw new Refused('memory')
    at = await fitting(guess, target, at)
    empty(canvas)
    canvas = draw(picture, steps[at]!.edge)
  }
  free()
  for (;;) {
    const bytes = await bytesOf(canvas, steps[at]!.quality)
    if (bytes.length < target || at === lastStep) {
      empty(canvas)
      return bytes
    }
    at++ // the guess was too low
    const { edge } = steps[at]!
    if (edge >= Math.max(canvas.width, canvas.height)) continue
    const less = draw(canvas, edge)
    empty(canvas)
    canvas = less
  }
}

/** Whether no pixel of a few all over the canvas has any light. */
function unlit(canvas: Canvas): boolean {
  const ctx = inked(canvas)
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

/** About how many bytes the picture would have at a step, from parts all over it. */
function guesser(picture: Picture): (s: Step) => Promise<number> {
  let sheet: { edge: number; canvas: Canvas } | null = null
  return async ({ edge, quality }) => {
    const { width, height, scale } = fit(picture, edge)
    if (Math.min(width, height) < samples * sampleEdge) return 0 // no dearer to try
    if (sheet?.edge !== edge) sheet = { edge, canvas: sampled(picture, sampleEdge / scale) }
    const { length } = await bytesOf(sheet.canvas, quality)
    return (length * width * height) / (samples * sampleEdge) ** 2
  }
}

function sampled(picture: Picture, part: number): Canvas {
  const { canvas, ctx } = blank(samples * sampleEdge, samples * sampleEdge)
  for (let i = 0; i < samples; i++) {
    for (let j = 0; j < samples; j++) {
      const x = (i * (picture.width - part)) / (samples - 1)
      const y = (j * (picture.height - part)) / (samples - 1)
      ctx.drawImage(picture, x, y, part, part, i * sampleEdge, j * sampleEdge, sampleEdge, sampleEdge)
    }
  }
  return canvas
}

type Canvas = HTMLCanvasElement | OffscreenCanvas
type Ink = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D
type Picture = ImageBitmap | HTMLImageElement | Canvas

const onPage = 'document' in globalThis

/**
 * What is drawn from is the size that is wanted at most: 48 megapixels are
 * 192 MB. A bitmap is decoded once, an <img> again for its first use; but not
 * every browser turns a bitmap upright.
 */
async function decode(file: Blob, stored: { orientation: number; width: number; height: number } | null = null): Promise<Picture> {
  if ((stored?.orientation ?? 1) <= 1 || (await bitmapsUpright())) {
    const bitmap = await createImageBitmap(file, stored ? within(stored) : {}).catch(() => null)
    if (bitmap) return bitmap
  }
  if (!onPage) throw new Unable()
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

/** The size to decode to; none for a picture that is not too large. */
function within(stored: { orientation: number; width: number; height: number }): ImageBitmapOptions {
  const { width, height, scale } = fit(stored, longEdge)
  if (scale === 1) return {}
  const [resizeWidth, resizeHeight] = stored.orientation >= 5 ? [height, width] : [width, height]
  return { resizeWidth, resizeHeight, resizeQuality: 'high' }
}

let upright: Promise<boolean> | null = null

/** Whether this browser turns a bitmap as the file's orientation says, before it is resized. */
const bitmapsUpright = (): Promise<boolean> => (upright ??= tryUpright().catch(() => false))

async function tryUpright(): Promise<boolean> {
  const { canvas, ctx } = blank(16, 8)
  ctx.fillStyle = '#000'
  ctx.fillRect(0, 0, 8, 8) // its left half; the top half once it is turned
  const turned = blobOf(withOrientation(await encoded(canvas, 1), 6))
  const bitmap = await createImageBitmap(turned, { resizeWidth: 8, resizeHeight: 16 })
  const { ctx: see } = blank(bitmap.width, bitmap.height)
  see.drawImage(bitmap, 0, 0)
  bitmap.close()
  const dark = (x: number, y: number) => see.getImageData(x, y, 1, 1).data[0]! < 128
  return dark(1, 2) && dark(6, 2) && !dark(1, 13) && !dark(6, 13)
}

function release(picture: Picture): void {
  if ('close' in picture) picture.close() // 48 MB of a 12-megapixel photo
}

function blank(width: number, height: number): { canvas: Canvas; ctx: Ink } {
  const canvas = onPage ? document.createElement('canvas') : new OffscreenCanvas(width, height)
  canvas.width = width
  canvas.height = height
  const ctx = inked(canvas)
  ctx.fillStyle = '#fff'
  ctx.fillRect(0, 0, width, height)
  return { canvas, ctx }
}

/** The canvas's context, kept in ordinary memory: everything drawn is read back. */
function inked(canvas: Canvas): Ink {
  const ctx = canvas.getContext('2d', { willReadFrequently: true }) as Ink | null
  if (!ctx) throw new Refused('memory')
  return ctx
}

function draw(picture: Picture, edge: number): Canvas {
  const { width, height, scale } = fit(picture, edge)
  const { canvas, ctx } = blank(width, height)
  ctx.imageSmoothingEnabled = scale < 1
  ctx.drawImage(picture, 0, 0, width, height)
  return canvas
}

function empty(canvas: Canvas): void {
  canvas.width = canvas.height = 0 // Safari keeps the memory otherwise
}

/** The canvas as a JPEG. */
async function bytesOf(canvas: Canvas, quality: number): Promise<Uint8Array> {
  const type = 'image/jpeg'
  const blob = 'convertToBlob' in canvas
    ? await canvas.convertToBlob({ type, quality }).catch(() => null)
    : await new Promise<Blob | null>((done) => canvas.toBlob(done, type, quality))
  if (!blob) throw new Refused('memory')
  return new Uint8Array(await blob.arrayBuffer())
}

/** The same of a canvas that is of no use afterwards. */
async function encoded(canvas: Canvas, quality: number): Promise<Uint8Array> {
  const bytes = await bytesOf(canvas, quality)
  empty(canvas)
  return bytes
}

const blobOf = (bytes: Uint8Array, type = 'image/jpeg'): Blob => new Blob([bytes as BlobPart], { type })

function seen(picture: Picture): { canvas: Canvas; look: Look } {
  const canvas = draw(picture, judgedEdge)
  const { data, width, height } = inked(canvas).getImageData(0, 0, canvas.width, canvas.height)
  return { canvas, look: look(data, width, height) }
}

function judged(picture: Picture): Look {
  try {
    return seen(picture).look
  } catch {
    return 'good'
  }
}

/** Thumbnail and looks. */
async function judge(picture: Picture): Promise<{ look: Look; thumb: Blob | null }> {
  try {
    const { canvas, look } = seen(picture)
    return { look, thumb: blobOf(await encoded(canvas, 0.7)) }
  } catch {
    return { look: 'good', thumb: null }
  }
}
