// The time in which a removal can be taken back.

export const undoMs = 5_000

export class Undo {
  private timers = new Map<string, ReturnType<typeof setTimeout>>()

  /** `over` is called once for each id whose time has passed untaken. */
  constructor(private readonly over: (id: string) => void, private readonly ms = undoMs) {}

  add(id: string): void {
    if (this.timers.has(id)) return
    this.timers.set(id, setTimeout(() => {
      this.timers.delete(id)
      this.over(id)
    }, this.ms))
  }

  /** Takes all of them back; returns their ids. */
  takeBack(): string[] {
    const ids = [...this.timers.keys()]
    for (const t of this.timers.values()) clearTimeout(t)
    this.timers.clear()
    return ids
  }
}
