// Which JPEGs the workstation opens as they are.

import { segments } from './picture.ts'

const huffmanFrames = [0xc0, 0xc1, 0xc2] // baseline, extended, progressive
const ordinary = ['11', '21', '12', '22'] // 4:4:4, 4:2:2, 4:4:0, 4:2:0

/**
 * True for a Huffman-coded JPEG of 8 bits a sample, grey or of three
 * components with chroma of half or full resolution. Arithmetic
 * coding, lossless, 12 bits, CMYK and odd sampling have to be encoded again.
 */
export function opensAnywhere(jpeg: Uint8Array): boolean {
  let good = false
  segments(jpeg, (marker, start, end) => {
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (!frame) return true
    good = huffmanFrames.includes(marker) && goodFrame(jpeg.subarray(start + 4, end))
    return false
  })
  return good
}

/** A frame header after its length: precision, height, width, components of three bytes each. */
function goodFrame(b: Uint8Array): boolean {
  const count = b[5] ?? 0
  if (b[0] !== 8 || b.length !== 6 + 3 * count) return false
  if (count === 1) return true
  const sampling = (n: number) => (b[7 + 3 * n] ?? 0).toString(16)
  return count === 3 && ordinary.includes(sampling(0)) && sampling(1) === '11' && sampling(2) === '11'
}
