import { describe, expect, it } from 'vitest'
import { opensAnywhere } from './jpegform.ts'

/** A JPEG up to its first scan: frame marker, precision, and sampling per component. */
function jpeg(marker: number, precision: number, sampling: number[]): Uint8Array {
  const components = sampling.flatMap((s, i) => [i + 1, s, i ? 1 : 0])
  const body = [precision, 0, 48, 0, 64, sampling.length, ...components]
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xdb, 0, 4, 1, 1, 0xff, marker, 0, body.length + 2, ...body, 0xff, 0xda, 0, 2, 0xff, 0xd9])
}
const ordinary = [0x22, 0x11, 0x11]

describe('JPEG forms', () => {
  it.each([[0xc0, 'baseline'], [0xc1, 'extended'], [0xc2, 'progressive']])('passes %i, %s', (marker) => {
    expect(opensAnywhere(jpeg(marker, 8, ordinary))).toBe(true)
  })
  it.each([0x11, 0x21, 0x12, 0x22])('passes sampling %i', (y) => {
    expect(opensAnywhere(jpeg(0xc0, 8, [y, 0x11, 0x11]))).toBe(true)
  })
  it('passes grey', () => {
    expect(opensAnywhere(jpeg(0xc0, 8, [0x22]))).toBe(true)
  })
  it.each([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])('stops frame %i: lossless, hierarchical or arithmetic', (marker) => {
    expect(opensAnywhere(jpeg(marker, 8, ordinary))).toBe(false)
  })
  it('stops 12 bits, CMYK, two components and odd sampling', () => {
    expect(opensAnywhere(jpeg(0xc1, 12, ordinary))).toBe(false)
    expect(opensAnywhere(jpeg(0xc0, 8, [0x11, 0x11, 0x11, 0x11]))).toBe(false)
    expect(opensAnywhere(jpeg(0xc0, 8, [0x11, 0x11]))).toBe(false)
    for (const odd of [[0x41, 0x11, 0x11], [0x22, 0x21, 0x11], [0x11, 0x22, 0x22], [0x31, 0x11, 0x11]]) expect(opensAnywhere(jpeg(0xc0, 8, odd))).toBe(false)
  })
  it('stops a header that is cut off, and what is no JPEG', () => {
    expect(opensAnywhere(jpeg(0xc0, 8, ordinary).subarray(0, 20))).toBe(false)
    expect(opensAnywhere(new Uint8Array(3))).toBe(false)
  })
})
