// Everything that makes a sealed image of a photo, loaded while the camera is
// open. The page has it at hand, and starts the same file as a worker.

import { preview, shrink } from './compress.ts'
import { seal } from './envelope.ts'
import { Refused, type Reason } from './refused.ts'

export { preview, shrink }
export * from './envelope.ts'

/** Where this code lies, for the worker. */
export const address = import.meta.url

/** What a worker does; everything else is quick enough for the page. */
export type Task =
  | { task: 'shrink'; file: Blob; target: number | undefined }
  | { task: 'seal'; of: Parameters<typeof seal> }
  | { task: 'preview'; jpeg: Uint8Array }

/** Numbered as their questions; `freed` comes before the result of a shrink. */
export type Ask = Task & { n: number }
export type Reply =
  | { n: number; freed: true }
  | { n: number; done: unknown }
  | { n: number; refused: Reason }
  | { n: number; unable: true }

if ('WorkerGlobalScope' in globalThis) addEventListener('message', (e: MessageEvent<Ask>) => void answer(e.data))

async function answer(ask: Ask): Promise<void> {
  const { n } = ask
  try {
    const done = await perform(ask, () => reply({ n, freed: true }))
    reply({ n, done }, bytesIn(done))
  } catch (err) {
    reply(err instanceof Refused ? { n, refused: err.reason } : { n, unable: true })
  }
}

/** Does the task where it is called. */
export function perform(t: Task, freed: () => void): Promise<object> {
  switch (t.task) {
    case 'shrink':
      return shrink(t.file, t.target, freed)
    case 'seal':
      return seal(...t.of)
    case 'preview':
      return preview(t.jpeg)
  }
}

/** What is handed over rather than copied. */
function bytesIn(done: object): Transferable[] {
  return Object.values(done).flatMap((v) => (v instanceof Uint8Array ? [v.buffer as ArrayBuffer] : []))
}

const reply = (r: Reply, transfer: Transferable[] = []): void => postMessage(r, { transfer })
