// The guided set with the phone's own camera.

import { useEffect, useRef } from 'preact/hooks'
import { views } from '../details.ts'
import { beginSet, endSet, shot, skip, viewNow, type GuidedSet } from '../guided.ts'
import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import { fill, text } from '../text.ts'
import { hasViewfinder, Picker, Switch, UndoBar } from './actions.tsx'
import { Hint } from './hint.tsx'
import { styled } from './styled.ts'

export const load = () => styled().then(() => Guided)

function Guided({ page }: { page: Page }) {
  const sending = page.sending!
  const { set, nextIntimate } = sending.shutter
  const back = () => page.show({ name: 'session' })
  const open = page.canShoot && page.roomLeft > 0
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (!open) back() // which says why
    else if (!set) beginSet(page)
    title.current?.focus()
  }, [open])
  if (!set) return null
  return (
    <div class="session" data-screen="set" data-view={viewNow(set)}>
      <header class="bar set">
        <button class="square" id="back" aria-label={later.ready} onClick={back}><Icon name="back" /></button>
        <h1 tabIndex={-1} ref={title}>{text.guided}<small>{progress(set)}</small></h1>
      </header>
      <main>
        <Hint page={page} small />
        <Steps page={page} set={set} />
      </main>
      <footer>
        <UndoBar page={page} />
        <p class="step" role="status">{later.set.step[viewNow(set)]}</p>
        <Picker id="take-input" look="main" icon="camera" label={text.take} camera onFiles={([f]) => f && shot(page, f, sending)} />
        <Switch id="next-intimate" on={nextIntimate} label={text.nextIntimate} onChange={(on) => page.setShutter({ nextIntimate: on })} />
        <div class="ways">
          <button class="link" id="skip" onClick={() => skip(page, sending)}>{later.set.skip}</button>
          {hasViewfinder && <button class="link" id="viewfinder" onClick={() => page.show({ name: 'camera' })}>{text.viewfinder}</button>}
          <button class="link" id="end-set" onClick={() => endSet(page, sending)}>{later.set.end}</button>
        </div>
      </footer>
    </div>
  )
}

export const progress = (set: GuidedSet): string => fill(later.set.of, { n: set.shots.length + 1, of: views.length })

function Steps({ page, set }: { page: Page; set: GuidedSet }) {
  return (
    <ol class="steps">
      {views.map((view, i) => {
        const id = set.shots[i]
        const photo = page.photos.find((p) => p.id === id)
        const over = id === undefined ? '' : id ? later.set.taken : later.set.skipped
        return (
          <li key={view} class={i === set.shots.length ? 'now' : over ? 'over' : ''} aria-current={i === set.shots.length ? 'step' : undefined}>
            <span class="pic">
              {photo?.thumb && !photo.details.intimate ? <img src={photo.thumb} alt="" /> : <span class="nothumb">{id ? <Icon name="tick" /> : id === '' ? '–' : i + 1}</span>}
            </span>
            <span class="what">{later.set.step[view]}{over && <small>{over}</small>}</span>
          </li>
        )
      })}
    </ol>
  )
}
