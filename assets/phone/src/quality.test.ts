import { describe, expect, it } from 'vitest'
import { look, luma, mean, sharpness } from './quality.ts'

const size = 64

/** RGBA of a grey picture whose value at x, y is given. */
function grey(at: (x: number, y: number) => number): Uint8ClampedArray {
  const out = new Uint8ClampedArray(size * size * 4)
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) out.set([at(x, y), at(x, y), at(x, y), 255], 4 * (y * size + x))
  return out
}
const edge = (soft: number) => grey((x) => 90 + 100 / (1 + Math.exp(-(x - size / 2) / soft)))
const judge = (p: Uint8ClampedArray) => look(p, size, size)

describe('looks', () => {
  it('weighs the colours as the eye does', () => {
    expect(Array.from(luma(Uint8ClampedArray.from([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255])), Math.round)).toEqual([76, 150, 29])
    expect(mean(new Float32Array())).toBe(0)
  })
  it('finds a hard edge sharp, and the same edge out of focus blurred', () => {
    expect(judge(edge(0.1))).toBe('good')
    expect(judge(edge(6))).toBe('blurred')
  })
  it('is sharper the harder the edge is', () => {
    const [hard, softer, soft] = [0.1, 1, 6].map((s) => sharpness(luma(edge(s)), size, size)) as [number, number, number]
    expect(hard).toBeGreaterThan(softer)
    expect(softer).toBeGreaterThan(soft)
  })
  it('calls a dim picture dark, before it calls it blurred', () => {
    expect(judge(grey(() => 12))).toBe('dark')
    expect(judge(grey((x) => (x % 8 < 4 ? 5 : 60)))).toBe('dark')
  })
  it('calls only a picture without one lit pixel black', () => {
    expect(judge(grey(() => 0))).toBe('black')
    expect(judge(grey((x, y) => (x === 3 && y === 3 ? 1 : 0)))).toBe('dark')
  })
  it('finds no edge in a picture without an inside', () => {
    expect(sharpness(new Float32Array(4), 2, 2)).toBe(0)
  })
})
