/**
 * Milliseconds to wait before try `attempt` (1 = after the first failure):
 * doubling from baseMs up to maxMs, half of it drawn at random, so that many
 * phones do not come back in step.
 */
export function backoffMs(attempt: number, baseMs = 500, maxMs = 30_000, random = Math.random()): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 20))
  return Math.round(full / 2 + (full / 2) * random)
}

/** The next gap between two status polls: 60 s at most. */
export function nextPollMs(gapMs: number): number {
  return Math.min(60_000, Math.round(gapMs * 1.5))
}

export const firstPollMs = 2_000

/** The first gap while a stored photo is on its way to the computer: usually it is there by then. */
export const landingPollMs = 150
