// From whatever the camera gave to a small JPEG without metadata. Loaded
// while the camera is open.

import imageCompression from 'browser-image-compression'
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
  const typed = new File([original], 'photo', { type })
  // A small upright JPEG of an ordinary form loses nothing: only its metadata goes.
  const asIs = seen.kind === 'jpeg' && seen.orientation <= 1 && original.length <= target && opensAnywhere(original)
  let jpeg = stripMetadata(asIs ? original : await encode(typed, target))
  let seenAs = await judge(jpeg)
  // A canvas that was too much for the phone comes out black, without an error: smaller is tried.
  if (seenAs.look === 'black' && !asIs && (await judge(original, type)).look !== 'black') {
    jpeg = stripMetadata(await ladder(typed, target, smallEdges))
    seenAs = await judge(jpeg)
    if (seenAs.look === 'black') throw new Refused('memory')
  }
  const size = sniff(jpeg)
  if (size.kind !== 'jpeg') throw new Refused('damaged')
  return { jpeg, width: size.width, height: size.height, originalType: type, originalBytes: original.length, ...seenAs }
}

/** HEIC, WebP and whatever else this browser can open, but the workstation may not. */
async function foreign(original: Uint8Array, kind: 'heic' | 'other', target: number): Promise<Small> {
  const picture = await createImageBitmap(blobOf(original, '')).catch(() => {
    throw new Refused(kind === 'heic' ? 'heic' : 'not-image')
  })
  try {
    if (picture.width * picture.height > maxPixels || Math.max(picture.width, picture.height) > maxSide) throw new Refused('too-many-pixels')
    const jpeg = stripMetadata(await smaller(picture, target, edges))
    const size = sniff(jpeg)
    if (size.kind !== 'jpeg') throw new Refused('damaged')
    const originalType = kind === 'heic' ? 'image/heic' : ''
    return { jpeg, width: size.width, height: size.height, originalType, originalBytes: original.length, ...(await judge(jpeg)) }
  } finally {
    picture.close()
  }
}

/** A picture of the JPEG for the large view, small enough to hold many of them in memory. */
export async function preview(jpeg: Uint8Array): Promise<Blob> {
  const canvas = draw(await decode(blobOf(jpeg)), 1280)
  return new Blob([(await encoded(canvas, 0.8)) as BlobPart], { type: 'image/jpeg' })
}

async function encode(file: File, target: number): Promise<Uint8Array> {
  try {
    for (const keep of [true, false]) {
      const out = await imageCompression(file, {
        maxSizeMB: target / 1024 / 1024,
        maxWidthOrHeight: longEdge,
        initialQuality: 0.86,
        maxIteration: keep ? 6 : 10,
        alwaysKeepResolution: keep,
        fileType: 'image/jpeg',
        useWebWorker: false, // its worker loads itself from a foreign host
      })
      const bytes = new Uint8Array(await out.arrayBuffer())
      if (bytes.length <= target && sniff(bytes).kind === 'jpeg') return bytes
    }
  } catch {
    // The ladder below is slower and plainer, and works where the library gives up.
  }
  return ladder(file, target)
}

const smallEdges = [2400, 2000, 1600]
const edges = [longEdge, 3000, ...smallEdges]

const ladder = async (file: Blob, target: number, tried = edges): Promise<Uint8Array> => smaller(await decode(file), target, tried)

/** Own encoder: smaller quality first, then smaller edges. */
async function smaller(picture: Picture, target: number, edges: number[]): Promise<Uint8Array> {
  let best: Uint8Array | null = null
  for (const edge of edges) {
    for (const quality of [0.85, 0.72, 0.6]) {
      best = await encoded(draw(picture, edge), quality)
      if (best.length <= target) return best
    }
  }
  if (!best) throw new Refused('damaged')
  return best
}

type Picture = ImageBitmap | HTMLImageElement

async function decode(file: Blob): Promise<Picture> {
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

function draw(picture: Picture, edge: number): HTMLCanvasElement {
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Refused('memory')
  ctx.fillStyle = '#fff'
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.drawImage(picture, 0, 0, canvas.width, canvas.height)
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

/** Thumbnail and looks; also the proof that the picture decodes at all. */
async function judge(bytes: Uint8Array, type?: string): Promise<{ thumb: Blob | null; look: Look }> {
  const picture = await decode(blobOf(bytes, type))
  try {
    const canvas = draw(picture, judgedEdge)
    const { data, width, height } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    const looks = look(data, width, height)
    return { look: looks, thumb: blobOf(await encoded(canvas, 0.7)) }
  } catch {
    return { look: 'good', thumb: null }
  }
}
