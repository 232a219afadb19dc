// How a photo is made to fit: as large as it goes, then as well as it goes.

export interface Step {
  /** The long edge, in pixels. */
  edge: number
  /** JPEG quality, 0 to 1. */
  quality: number
}

/** Bytes that a JPEG stays below where the practice sets nothing else: what the record systems accept. */
export const defaultTarget = 1_000_000

/** A 12-megapixel photo keeps its long edge; iOS paints larger canvases black. */
export const longEdge = 4096

const qualities = [0.86, 0.79, 0.72] // below that a smaller picture shows more, as long as it is not too small

export const steps: Step[] = [
  ...[longEdge, 3000, 2400, 2000].flatMap((edge) => qualities.map((quality) => ({ edge, quality }))),
  { edge: 2000, quality: 0.6 },
  { edge: 1600, quality: 0.72 },
  { edge: 1600, quality: 0.6 },
]

export const lastStep = steps.length - 1

/** The first step from `from` on whose guessed bytes stay below the target; the last one where none does. */
export async function fitting(guess: (s: Step) => Promise<number>, target: number, from = 0): Promise<number> {
  for (let at = from; at < lastStep; at++) if ((await guess(steps[at]!)) < target) return at
  return lastStep
}

/** Width and height for a long edge; never larger than they are. */
export function fit({ width, height }: { width: number; height: number }, edge: number): { width: number; height: number; scale: number } {
  const scale = Math.min(1, edge / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)), scale }
}
