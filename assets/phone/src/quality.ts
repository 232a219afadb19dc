// Whether a photo is worth taking again, judged on a small copy of it.

/** How a photo looks; 'black' has not one lit pixel. */
export type Look = 'good' | 'blurred' | 'dark' | 'black'

/** The long edge of the copy that is judged. */
export const judgedEdge = 256

/** Mean luma (0 to 255) below which a photo shows too little. */
const darkBelow = 40
/** Variance of the Laplacian below which nothing in the photo has an edge. */
const blurredBelow = 14

/** Rec. 601 luma of RGBA pixels, 0 to 255. */
export function luma(rgba: Uint8ClampedArray): Float32Array {
  const out = new Float32Array(rgba.length / 4)
  for (let i = 0; i < out.length; i++) out[i] = 0.299 * rgba[4 * i]! + 0.587 * rgba[4 * i + 1]! + 0.114 * rgba[4 * i + 2]!
  return out
}

export function mean(values: Float32Array): number {
  let sum = 0
  for (const v of values) sum += v
  return values.length ? sum / values.length : 0
}

/** Variance of the four-neighbour Laplacian; 0 for a picture without an inside. */
export function sharpness(y: Float32Array, width: number, height: number): number {
  let n = 0
  let sum = 0
  let squares = 0
  for (let row = 1; row < height - 1; row++) {
    for (let i = row * width + 1; i < (row + 1) * width - 1; i++) {
      const v = y[i - 1]! + y[i + 1]! + y[i - width]! + y[i + width]! - 4 * y[i]!
      n++
      sum += v
      squares += v * v
    }
  }
  return n ? squares / n - (sum / n) ** 2 : 0
}

/** `rgba` holds width × height pixels. */
export function look(rgba: Uint8ClampedArray, width: number, height: number): Look {
  const y = luma(rgba)
  if (y.every((v) => v === 0)) return 'black'
  if (mean(y) < darkBelow) return 'dark'
  return sharpness(y, width, height) < blurredBelow ? 'blurred' : 'good'
}
