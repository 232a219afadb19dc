// The viewfinder: the camera within the page, for several photos in a row.

import { useEffect, useReducer, useRef, useState } from 'preact/hooks'
import { Finder, ghostOf, type Camera, type FinderState, type Point } from '../camera.ts'
import { endSet, shot, skip, viewNow, type GuidedSet } from '../guided.ts'
import { Icon, paths } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import type { Sending } from '../sending.ts'
import { plural, text } from '../text.ts'
import { Picker } from './actions.tsx'
import { progress } from './guided.tsx'
import { Hint } from './hint.tsx'
import { Level, useLevel } from './level.tsx'
import { styled } from './styled.ts'

export const load = () => styled().then(() => Viewfinder)

function Viewfinder({ page }: { page: Page }) {
  const sending = page.sending! // a photo is of the patient whose shutter was pressed
  const { set, nextIntimate } = sending.shutter
  const [state, finder] = useFinder()
  /** The picture's width to its height; 0 while none is shown. */
  const [ratio, setRatio] = useState(0)
  const [shots, count] = useReducer((n: number) => n + 1, 0)
  const [guides, setGuides] = useState(false)
  const [ghost, setGhost] = useState(false)
  const level = useLevel()
  const [shooting, setShooting] = useState(false)
  const video = useRef<HTMLVideoElement>(null)
  const shutter = useRef<HTMLButtonElement>(null)
  const camera = state.at === 'open' ? state.camera : null
  const full = page.roomLeft === 0
  const ready = ratio > 0 && camera !== null && !full && !shooting
  const previous = ghostOf(page.photos)
  const close = () => page.show({ name: 'session' })

  useEffect(() => {
    if (!page.canShoot) close() // where it is said why
  }, [page.canShoot])
  useEffect(() => {
    setRatio(0)
    if (camera) video.current!.srcObject = camera.stream
  }, [camera])
  useEffect(() => shutter.current?.focus(), [])

  const measure = () => setRatio(video.current!.videoWidth / video.current!.videoHeight || 0)
  const take = async () => {
    if (!ready) return
    setShooting(true)
    count(undefined)
    try {
      shot(page, await camera.picture(video.current!), sending)
      camera.settle()
    } catch {
      finder.current?.lose()
    } finally {
      setShooting(false)
    }
  }

  return (
    <main class="finder" data-screen="camera" data-camera={state.at === 'trouble' ? state.why : state.at} data-shown={ratio > 0}
      onKeyDown={(e) => e.key === 'Escape' && close()}>
      <h1 class="unseen">{text.viewfinder}</h1>
      <Hint page={page} small />
      <div class="view">
        {state.at === 'trouble' ? (
          <div class="trouble" role="alert">
            <Icon name="warn" />
            <p>{later.camera.trouble[state.why]}</p>
            <Picker id="take-input" look="second" icon="camera" label={text.take} camera onFiles={([f]) => f && shot(page, f, sending)} />
            <button class="link" id="again" onClick={() => void finder.current?.open()}>{later.camera.again}</button>
          </div>
        ) : (
          <div class="frame" style={ratio ? { '--ratio': ratio } : {}}>
            <video ref={video} playsInline muted autoPlay aria-hidden="true" onPlaying={measure} onResize={measure} />
            {!ratio && <p class="opening" role="status">{later.camera.opening}</p>}
            {ghost && previous && <img class="ghost" src={previous} alt="" />}
            {guides && <div class="thirds" aria-hidden="true" />}
            {(guides || (set && viewNow(set) === 'near')) && <p class="ruler">{later.camera.ruler}</p>}
            {level.on && <Level />}
            {shots > 0 && <div key={shots} class="blink" aria-hidden="true" />}
            {camera?.hasFocus && <Focus camera={camera} />}
          </div>
        )}
      </div>
      {set && <Step page={page} sending={sending} set={set} disabled={shooting} />}
      {full && <p class="full" role="status">{text.notice.full}</p>}
      <div class="tools">
        <Tool id="next-intimate" on={nextIntimate} label={later.intimate.label} d={paths.hidden} disabled={shooting}
          onTap={() => page.setShutter({ nextIntimate: !nextIntimate })} />
        {camera?.hasTorch && <Torch camera={camera} />}
        {camera && <Tool id="guides" on={guides} label={later.camera.guides} d="M9 3v18M15 3v18M3 9h18M3 15h18" onTap={() => setGuides(!guides)} />}
        {camera && page.photos.length > 0 && <Tool id="ghost" on={ghost} label={later.camera.ghost} d="M4 4h11v11H4zM9 15v5h11V9h-5" onTap={() => setGhost(!ghost)} />}
        {camera && level.offered && <Tool id="level" on={level.on} label={later.camera.level} d="M2 12h6M16 12h6M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z" onTap={level.toggle} />}
      </div>
      <div class="hand">
        <button class="round" id="close" aria-label={later.camera.close} onClick={close}><Glyph d="M6 6l12 12M18 6L6 18" /></button>
        <button class="shutter" id="shutter" ref={shutter} aria-label={text.take} aria-disabled={!ready} onClick={() => void take()} />
        <Last page={page} onTap={close} />
      </div>
    </main>
  )
}

/** The camera is open while this is shown and the page is seen, and off at once when it is not. */
function useFinder() {
  const [state, setState] = useState<FinderState>({ at: 'opening' })
  const finder = useRef<Finder | null>(null)
  useEffect(() => {
    const f = new Finder(navigator.mediaDevices, setState)
    finder.current = f
    const follow = () => (document.visibilityState === 'visible' ? void f.open() : f.stop())
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      f.stop()
    }
  }, [])
  return [state, finder] as const
}

/** `disabled` while a picture is being taken: it is of the step that the shutter was pressed for. */
function Step({ page, sending, set, disabled }: { page: Page; sending: Sending; set: GuidedSet; disabled: boolean }) {
  return (
    <div class="step" data-view={viewNow(set)}>
      <p role="status"><small>{progress(set)}</small>{later.set.step[viewNow(set)]}</p>
      <button class="link" id="skip" disabled={disabled} onClick={() => skip(page, sending)}>{later.set.skip}</button>
      <button class="link" id="end-set" disabled={disabled} onClick={() => endSet(page, sending)}>{later.set.end}</button>
    </div>
  )
}

/** The last photo, and how many there are; to look at them closely is one tap. */
function Last({ page, onTap }: { page: Page; onTap(): void }) {
  const standing = page.photos.filter((p) => p.state !== 'failed' && p.state !== 'gone')
  const last = standing[standing.length - 1]
  if (!last) return <span class="round" />
  const said = plural(later.camera.taken, standing.length)
  return (
    <>
      <span class="unseen" role="status">{said}</span>
      <button class="round last" id="last" aria-label={`${said}. ${later.ready}`} onClick={onTap}>
        {last.thumb && !last.details.intimate ? <img src={last.thumb} alt="" class={`turn${last.details.rotate ?? 0}`} /> : <Icon name={last.details.intimate ? 'hidden' : 'photo'} />}
        <span class="count">{standing.length}</span>
      </button>
    </>
  )
}

function Torch({ camera }: { camera: Camera }) {
  const [on, setOn] = useState(false)
  const toggle = async () => setOn((await camera.torch(!on)) && !on)
  return <Tool id="torch" on={on} label={later.camera.torch} d="M13 3L6 13h5l-1 8 8-11h-6z" onTap={() => void toggle()} />
}

function Tool(props: { id: string; on: boolean; label: string; d: string; disabled?: boolean; onTap(): void }) {
  return (
    <button class="tool" id={props.id} aria-pressed={props.on} disabled={props.disabled ?? false} onClick={props.onTap}>
      <Glyph d={props.d} /><span>{props.label}</span>
    </button>
  )
}

const Glyph = ({ d }: { d: string }) => <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d={d} /></svg>

/** A tap on the picture focuses there. For the finger only: the camera focuses by itself too. */
function Focus({ camera }: { camera: Camera }) {
  const [at, setAt] = useState<Point | null>(null)
  const tap = (e: MouseEvent) => {
    const { width, height } = (e.currentTarget as HTMLElement).getBoundingClientRect()
    const point = { x: e.offsetX / width, y: e.offsetY / height }
    setAt(point)
    void camera.focus(point)
  }
  return (
    <div class="focus" aria-hidden="true" onClick={tap}>
      {at && <span key={`${at.x} ${at.y}`} style={{ left: `${100 * at.x}%`, top: `${100 * at.y}%` }} onAnimationEnd={() => setAt(null)} />}
    </div>
  )
}
