// Whether the phone is held level, where the browser says how it is held.

import { useEffect, useState } from 'preact/hooks'
import { tiltOf, type Tilt } from '../camera.ts'
import { later } from '../later.ts'
import { fill } from '../text.ts'

/** iOS asks its user, and only at a tap. */
type Asking = { requestPermission?: () => Promise<string> }
const ask = (globalThis.DeviceOrientationEvent as Asking | undefined)?.requestPermission?.bind(DeviceOrientationEvent)

/** Degrees within which a photo is as good as level. */
const levelWithin = 2

export function useLevel() {
  const [offered, setOffered] = useState(Boolean(ask))
  const [on, setOn] = useState(false)
  useEffect(() => {
    if (ask) return
    return tilted(() => setOffered(true)) // a computer has no sensor, and says nothing
  }, [])
  const toggle = async () => {
    const allowed = on || !ask || (await ask().catch(() => '')) === 'granted'
    setOffered(allowed)
    setOn(allowed && !on)
  }
  return { offered, on, toggle: () => void toggle() }
}

export function Level() {
  const [tilt, setTilt] = useState<Tilt | null>(null)
  useEffect(() => tilted((beta, gamma) => setTilt((old) => steady(old, tiltOf(beta, gamma)))), [])
  if (!tilt) return null
  const { off, roll } = tilt
  const level = off <= levelWithin
  return (
    <div class={level ? 'level true' : 'level'} aria-hidden="true">
      <span style={{ rotate: `${roll}deg` }} />
      <b>{level ? later.camera.level : fill(later.camera.tilted, { n: off })}</b>
    </div>
  )
}

/** In whole degrees; the same object while nothing of it changes, so that nothing is drawn anew. */
function steady(old: Tilt | null, now: Tilt): Tilt {
  const [off, roll] = [Math.round(now.off), Math.round(now.roll)]
  return old?.off === off && old.roll === roll ? old : { off, roll }
}

/** Calls see with each measurement until the returned function is called. */
function tilted(see: (beta: number, gamma: number) => void): () => void {
  const heard = ({ beta, gamma }: DeviceOrientationEvent) => beta !== null && gamma !== null && see(beta, gamma)
  addEventListener('deviceorientation', heard)
  return () => removeEventListener('deviceorientation', heard)
}
