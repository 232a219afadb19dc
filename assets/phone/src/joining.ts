// How the page comes into its session, and what it makes of a gateway that
// does not let it in.

import { Problem, type Answer } from './api.ts'
import { backoffMs } from './backoff.ts'
import { endings, type Ending } from './screen.ts'

export interface Door {
  claim(): Promise<Answer>
  status(): Promise<Answer>
}

/** One try to come in, to be repeated; `before`: this phone has been in the session. */
export function entry(door: Door, before: boolean): () => Promise<Answer> {
  let codeUnknown = 0
  return async () => {
    if (!before) return door.claim()
    try {
      return await door.status()
    } catch (err) {
      // A registry that lost this phone does not know it until it claims again.
      if (!(err instanceof Problem) || err.code !== 'phone-replaced') throw err
      return door.claim().catch((no: unknown) => {
        // Lost again meanwhile, or another code is shown: the next answer tells.
        const lost = no instanceof Problem && no.code === 'link-unknown' && ++codeUnknown === 1
        throw lost ? new Problem('session-missing', 404) : no
      })
    }
  }
}

/** Repeats a call until it is answered, or the answer ends everything. `waits` tells why, and how long. */
export async function untilAnswered(ask: () => Promise<Answer>, waits: (code: string, ms: number) => Promise<void>): Promise<Answer | Ending> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask()
    } catch (err) {
      const p = err instanceof Problem ? err : new Problem('offline', 0)
      const why = endings[p.code]
      if (why && !p.retryable) return why
      await waits(p.code, Math.max(p.retryAfterMs, backoffMs(attempt, 800, 15_000)))
    }
  }
}
