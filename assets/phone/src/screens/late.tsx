import type { ComponentType, FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { backoffMs } from '../backoff.ts'
import type { Page } from '../page.ts'

type Part = ComponentType<{ page: Page }>

export interface Late extends FunctionComponent<{ page: Page }> {
  /** Fetches the code ahead of its first use; rejects without a network. */
  load(): Promise<Part>
}

/** A part of the page whose code is fetched when it is wanted, and asked for until it is there. */
export function late(fetchPart: () => Promise<Part>, Waiting: ComponentType): Late {
  let known: Part | null = null
  const load = () => fetchPart().then((part) => (known = part))
  function Shown({ page }: { page: Page }) {
    const [, redraw] = useState(0)
    useEffect(() => {
      let wanted = true
      const ask = (attempt: number): void => {
        load().then(
          () => wanted && redraw(attempt),
          () => wanted && setTimeout(() => ask(attempt + 1), backoffMs(attempt, 500, 5_000)),
        )
      }
      if (!known) ask(1)
      return () => {
        wanted = false
      }
    }, [])
    const Found = known
    return Found ? <Found page={page} /> : <Waiting />
  }
  return Object.assign(Shown, { load })
}
