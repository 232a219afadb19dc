import { describe, expect, it } from 'vitest'
import { defaultTarget, fit, fitting, lastStep, longEdge, steps, type Step } from './ladder.ts'

/** Bytes of a 4000 × 3000 photo, so many for each pixel at full quality. */
const photo = (perPixel: number) => async ({ edge, quality }: Step) => {
  const { width, height } = fit({ width: 4000, height: 3000 }, edge)
  return width * height * perPixel * quality ** 3
}
const chosen = async (perPixel: number, target = defaultTarget) => steps[await fitting(photo(perPixel), target)]!

describe('the compression ladder', () => {
  it('keeps the whole of a photo that fits', async () => {
    expect(await chosen(0.1)).toEqual({ edge: longEdge, quality: 0.86 })
  })
  it('goes down in quality before it goes down in size', async () => {
    expect(await chosen(0.16)).toEqual({ edge: longEdge, quality: 0.79 })
    expect(await chosen(0.2)).toEqual({ edge: longEdge, quality: 0.72 })
    expect(await chosen(0.23)).toEqual({ edge: 3000, quality: 0.86 })
  })
  it('keeps 2,000 pixels as long as anything fits at them', async () => {
    for (let perPixel = 0.05; perPixel < 5; perPixel += 0.05) {
      const guess = photo(perPixel)
      const step = await chosen(perPixel)
      const fits = (await Promise.all(steps.filter((s) => s.edge >= 2000).map(guess))).some((bytes) => bytes < defaultTarget)
      expect(step.edge >= 2000, `${perPixel}`).toBe(fits)
      if (fits) expect(await guess(step)).toBeLessThan(defaultTarget)
    }
  })
  it('stays below the target: as many bytes are too many', async () => {
    const { edge, quality } = steps[0]!
    const exact = await photo(0.1)({ edge, quality })
    expect(await chosen(0.1, exact)).not.toEqual(steps[0])
    expect(await chosen(0.1, exact + 1)).toEqual(steps[0])
  })
  it('ends where nothing fits', async () => {
    expect(await fitting(photo(50), defaultTarget)).toBe(lastStep)
  })
  it('goes on from where a canvas was too much', async () => {
    const at = await fitting(photo(0.01), defaultTarget, 3)
    expect(steps[at]).toEqual({ edge: 3000, quality: 0.86 })
  })
  it('never makes a picture larger', () => {
    for (const { edge } of steps) expect(fit({ width: 640, height: 480 }, edge)).toEqual({ width: 640, height: 480, scale: 1 })
    expect(fit({ width: 8000, height: 6000 }, longEdge)).toMatchObject({ width: 4096, height: 3072 })
    expect(fit({ width: 12_000, height: 3 }, 1600)).toMatchObject({ width: 1600, height: 1 })
  })
})
