// What the user does to photos already taken.

import { copied, type Details } from './details.ts'
import { editable, type Photo } from './queue.ts'
import type { Sending } from './sending.ts'
import { Undo } from './undo.ts'

export class Editing {
  private undo = new Undo((id) => void this.removeNow(id))

  /** `durable`: whether the store has kept what was said in an earlier life of the page. */
  constructor(private readonly sending: Sending, private readonly durable: () => boolean) {}

  /** False also for a photo of an earlier life whose details nobody here remembers: an amendment would wipe them out. */
  may(p: Photo): boolean {
    const sealedHere = p.bytes > 0 || p.state === 'preparing'
    return editable(p) && (sealedHere || this.durable())
  }

  edit(id: string, details: Details): void {
    this.sending.uploader.dispatch({ type: 'details', id, details })
    this.sending.changes.touch(id)
  }

  /** Returns how many photos took the details over. */
  copyToAll(from: Photo): number {
    const others = this.sending.uploader.photos.filter((p) => p.id !== from.id && this.may(p))
    for (const p of others) this.edit(p.id, copied(from.details, p.details))
    return others.length
  }

  /** Removes a photo once the time to take it back is over; at once, if it could never be sent. */
  remove(id: string): void {
    const { uploader, changes } = this.sending
    const p = uploader.photos.find((q) => q.id === id)
    if (!p) return
    if (p.state === 'failed') return void changes.drop(id)
    uploader.dispatch({ type: 'removal', id, to: 'undo' })
    this.undo.add(id)
  }

  /** Takes back every removal whose time is not over. */
  takeBack(): void {
    for (const id of this.undo.takeBack()) this.sending.uploader.dispatch({ type: 'removal', id, to: '' })
    this.sending.wake()
  }

  private async removeNow(id: string): Promise<void> {
    const { uploader, changes } = this.sending
    const p = uploader.photos.find((q) => q.id === id)
    if (p?.removal !== 'undo') return
    const onlyHere = (p.state === 'preparing' || p.state === 'queued') && !uploader.announced(id)
    await (onlyHere ? changes.drop(id) : changes.remove(id))
  }
}
