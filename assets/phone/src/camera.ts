// The phone's camera as the browser gives it: opening, its light and focus, and a picture.

import type { Photo } from './queue.ts'

/** refused: not allowed. none: there is no camera. busy: another app has it. lost: it was there, and is not any more. */
export type CameraTrouble = 'refused' | 'none' | 'busy' | 'lost' | 'failed'

/** For the names of getUserMedia's errors. */
const troubles: Record<string, CameraTrouble> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  AbortError: 'busy',
}

export const troubleOf = (err: unknown): CameraTrouble => troubles[(err as Error | null)?.name ?? ''] ?? 'failed'

/** What is asked of the browser, one after the other: old phones refuse a size that they offer. */
export const wishes: MediaStreamConstraints[] = [
  { audio: false, video: { facingMode: { ideal: 'environment' }, width: { ideal: 4096 }, height: { ideal: 3072 } } },
  { audio: false, video: { facingMode: { ideal: 'environment' } } },
]

/** A smaller wish may be granted where a larger one was not; a refusal is one for all. */
export async function firstGranted<T>(ask: (wish: MediaStreamConstraints) => Promise<T>): Promise<T> {
  const [large, plain] = wishes
  try {
    return await ask(large!)
  } catch (err) {
    if (troubleOf(err) === 'refused') throw err
    return ask(plain!)
  }
}

/** A place in a picture, from 0 to 1. */
export interface Point {
  x: number
  y: number
}

export interface Tilt {
  /** Degrees from level. */
  off: number
  /** How far the horizon is turned on the screen, in degrees clockwise; 0 when the camera looks down. */
  roll: number
}

/** From deviceorientation's beta and gamma, in degrees: flat where the camera looks down, upright otherwise. */
export function tiltOf(beta: number, gamma: number): Tilt {
  const [b, g] = [(beta * Math.PI) / 180, (gamma * Math.PI) / 180]
  const up = { x: -Math.cos(b) * Math.sin(g), y: Math.sin(b), z: Math.cos(b) * Math.cos(g) } // in the phone's axes
  const degrees = (rad: number) => (rad * 180) / Math.PI
  if (Math.abs(up.z) > Math.SQRT1_2) return { off: degrees(Math.acos(Math.min(1, Math.abs(up.z)))), roll: 0 }
  const turn = degrees(Math.atan2(up.x, up.y))
  const roll = turn - 90 * Math.round(turn / 90) // a phone held sideways is level too
  return { off: Math.abs(roll), roll }
}

/** The picture of the previous shot to lay over the next; '' when there is none, or it is marked intimate. */
export function ghostOf(photos: Photo[]): string {
  const standing = photos.filter((p) => p.state !== 'failed' && p.state !== 'gone' && !p.removal)
  const last = standing[standing.length - 1]
  return !last || last.details.intimate ? '' : last.preview || last.thumb
}

/** What browsers offer beyond the types that TypeScript knows. */
type Capabilities = MediaTrackCapabilities & { torch?: boolean; focusMode?: string[] }
type ImageCaptureOf = new (track: MediaStreamTrack) => { takePhoto(): Promise<Blob> }

/** A sensor that has not answered by then does not. */
const takePhotoMs = 5_000

/** An open camera. */
export class Camera {
  private readonly track: MediaStreamTrack
  private readonly focusModes: string[]
  private wish: object = {}
  readonly hasTorch: boolean
  readonly hasFocus: boolean

  /** `lost` is told when the camera goes away by itself. */
  constructor(readonly stream: MediaStream, known: MediaTrackSupportedConstraints, lost: () => void) {
    this.track = stream.getVideoTracks()[0]!
    this.track.addEventListener('ended', lost)
    const can: Capabilities = this.track.getCapabilities?.() ?? {}
    this.hasTorch = Boolean(can.torch)
    this.focusModes = can.focusMode ?? []
    this.hasFocus = 'pointsOfInterest' in known && this.focusModes.includes('single-shot')
  }

  /** The camera's light in the phone's corner goes off with its last track. */
  stop(): void {
    for (const t of this.stream.getTracks()) t.stop()
  }

  torch = (on: boolean): Promise<boolean> => this.apply({ torch: on })

  focus = (at: Point): Promise<boolean> => this.apply({ pointsOfInterest: [at], focusMode: 'single-shot' })

  /** After a picture: some phones put their light out for it, and the next may be of something else. */
  settle(): void {
    if (Object.keys(this.wish).length === 0) return
    void this.apply(this.focusModes.includes('continuous') ? { pointsOfInterest: undefined, focusMode: 'continuous' } : {})
  }

  /** What was asked for before stays. False when the camera does not do what it offered. */
  private apply(change: object): Promise<boolean> {
    const wish = { ...this.wish, ...change }
    const taken = () => {
      this.wish = wish
      return true
    }
    return this.track.applyConstraints({ advanced: [wish as MediaTrackConstraintSet] }).then(taken, () => false)
  }

  /** The sensor's own picture where the browser gives one, otherwise what `video` shows. */
  async picture(video: HTMLVideoElement): Promise<File> {
    const blob = (await this.fromSensor()) ?? (await frame(video))
    return new File([blob], 'photo', { type: blob.type })
  }

  private async fromSensor(): Promise<Blob | null> {
    const Capture = (globalThis as { ImageCapture?: ImageCaptureOf }).ImageCapture
    if (!Capture) return null
    const late = new Promise<null>((resolve) => setTimeout(resolve, takePhotoMs, null))
    const taken = await Promise.race([new Capture(this.track).takePhoto().catch(() => null), late])
    return taken?.size ? taken : null
  }
}

export type FinderState = { at: 'opening' } | { at: 'open'; camera: Camera } | { at: 'trouble'; why: CameraTrouble }

/** Holds a camera open for as long as it is wanted. */
export class Finder {
  private camera: Camera | null = null
  /** Counts openings: a camera that comes too late is put out again. */
  private turn = 0

  constructor(private readonly media: Pick<MediaDevices, 'getUserMedia' | 'getSupportedConstraints'>, private readonly changed: (s: FinderState) => void) {}

  async open(): Promise<void> {
    this.stop()
    const { turn } = this
    try {
      const stream = await firstGranted((wish) => this.media.getUserMedia(wish))
      const camera = new Camera(stream, this.media.getSupportedConstraints(), () => turn === this.turn && this.lose())
      if (turn !== this.turn) return camera.stop()
      this.camera = camera
      this.changed({ at: 'open', camera })
    } catch (err) {
      if (turn === this.turn) this.changed({ at: 'trouble', why: troubleOf(err) })
    }
  }

  stop(): void {
    this.turn++
    this.camera?.stop()
    this.camera = null
    this.changed({ at: 'opening' })
  }

  /** The camera went away, or gives no picture. */
  lose(): void {
    this.stop()
    this.changed({ at: 'trouble', why: 'lost' })
  }
}

async function frame(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d')?.drawImage(video, 0, 0)
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.95))
  canvas.width = canvas.height = 0 // Safari keeps the memory otherwise
  if (!blob) throw new Error('the camera gave no picture')
  return blob
}
