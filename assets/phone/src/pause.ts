/** A wait that can be cut short. */
export class Pause {
  cut: () => void = () => {}

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.cut = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
