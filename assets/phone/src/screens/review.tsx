// One photo, large, and what is said about it.

import { useEffect, useRef, useState } from 'preact/hooks'
import { kinds, maxCaption, sides, tidy, turned, views, type Details } from '../details.ts'
import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import { editable, type Photo } from '../queue.ts'
import { fill, plural, text } from '../text.ts'
import { iconFor, stateText, warning } from '../words.ts'
import { Picker, Switch, UndoBar } from './actions.tsx'
import { BodySite } from './body.tsx'
import { Choice } from './choice.tsx'
import { Hint } from './hint.tsx'

export function Review({ page }: { page: Page }) {
  const id = page.screen.name === 'photo' ? page.screen.id : ''
  const at = page.photos.findIndex((p) => p.id === id)
  const photo = page.photos[at]
  const back = () => page.show({ name: 'session' })
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    scrollTo(0, 0)
    title.current?.focus()
  }, [id])
  useEffect(() => {
    if (!photo) back() // dropped, or never there
  }, [photo])
  if (!photo) return null
  return (
    <div class="session" data-screen="photo" data-image-id={id} data-image-state={photo.state}>
      <header class="bar">
        <Step page={page} to={page.photos[at - 1]} name="back" label={later.previous} />
        <h1 tabIndex={-1} ref={title}>{fill(later.photoOf, { n: at + 1, of: page.photos.length })}</h1>
        <Step page={page} to={page.photos[at + 1]} name="next" label={later.next} />
      </header>
      <main>
        <Hint page={page} small />
        <Large key={id} photo={photo} n={at + 1} />
        <Say photo={photo} />
        <Tools page={page} photo={photo} after={back} />
        <Form key={`form ${id}`} page={page} photo={photo} />
      </main>
      <footer>
        <UndoBar page={page} />
        <button class="main" id="ready" onClick={back}><Icon name="tick" />{later.ready}</button>
      </footer>
    </div>
  )
}

function Step({ page, to, name, label }: { page: Page; to: Photo | undefined; name: 'back' | 'next'; label: string }) {
  return (
    <button class="square" aria-label={label} disabled={!to} onClick={() => to && page.show({ name: 'photo', id: to.id })}>
      <Icon name={name} />
    </button>
  )
}

function Large({ photo, n }: { photo: Photo; n: number }) {
  const [shown, setShown] = useState(false)
  const src = photo.preview || photo.thumb
  const { intimate, rotate = 0 } = photo.details
  if (!src) return <div class="large empty"><Icon name="photo" /><p>{later.noPicture}</p></div>
  if (intimate && !shown) {
    return (
      <div class="large empty">
        <Icon name="hidden" />
        <p>{later.intimate.hidden}</p>
        <button class="link" onClick={() => setShown(true)}>{later.intimate.show}</button>
      </div>
    )
  }
  return <div class="large"><img src={src} alt={fill(text.photo, { n })} class={`turn${rotate}`} /></div>
}

function Say({ photo }: { photo: Photo }) {
  const note = warning(photo)
  return (
    <div class="say">
      <p class="state"><Icon name={iconFor(photo)} />{stateText(photo)}</p>
      {photo.reason && <p class="why">{later.reason[photo.reason]}</p>}
      {note && <p class="warning"><Icon name="warn" /><span>{note}</span></p>}
    </div>
  )
}

function Tools({ page, photo, after }: { page: Page; photo: Photo; after(): void }) {
  const can = Boolean(page.keys) && page.editing!.may(photo)
  const removable = photo.state !== 'filed' && photo.state !== 'gone' && !photo.removal
  const room = page.canShoot && removable && page.roomLeft > 0
  return (
    <div class="tools">
      {room && <Picker id="retake-input" look={warning(photo) ? 'main' : 'second'} icon="camera" label={later.retake} camera onFiles={(f) => page.retake(photo, f)} />}
      {can && (
        <button class="second" id="rotate" onClick={() => page.editing!.edit(photo.id, turned(photo.details))}>
          <Icon name="turn" />{later.turn}
        </button>
      )}
      {removable && (
        <button class="second" id="remove" onClick={() => {
          page.editing!.remove(photo.id)
          after()
        }}>
          <Icon name="bin" />{later.delete}
        </button>
      )}
    </div>
  )
}

/** Why the details cannot be changed here any more; empty when they can. */
function lockedText(page: Page, p: Photo): string {
  if (p.frozen === 'filed' || p.state === 'filed') return later.details.filed
  if (p.frozen === 'unsaved') return later.details.unsaved
  if (!page.keys) return later.details.noKeys
  return p.made < p.seen || (editable(p) && !page.editing!.may(p)) ? later.details.forgotten : ''
}

function Form({ page, photo }: { page: Page; photo: Photo }) {
  const [copies, setCopies] = useState(-1)
  const locked = lockedText(page, photo)
  const disabled = !page.keys || !page.editing!.may(photo)
  const d = photo.details
  const change = (c: Partial<Details>) => {
    setCopies(-1)
    page.editing!.edit(photo.id, { ...tidy({ ...d, ...c }), ...(c.caption !== undefined ? { caption: c.caption } : d.caption && { caption: d.caption }) })
  }
  const pairs = <T extends string>(ids: T[], names: Record<T, string>) => ids.map((id): [T, string] => [id, names[id]])
  return (
    <section class="details" aria-label={later.details.title}>
      <h2>{later.details.title}</h2>
      {locked ? <p class="locked" data-testid="locked">{locked}</p> : <p class="quiet">{later.details.free}</p>}
      <label class="field" for="caption">{later.details.caption}</label>
      <textarea id="caption" rows={2} maxLength={maxCaption} value={d.caption ?? ''} disabled={disabled} autocapitalize="sentences"
        placeholder={later.details.captionHint} onInput={(e) => change({ caption: e.currentTarget.value })} />
      <BodySite details={d} disabled={disabled} onChange={change} />
      <p class="field">{later.side.label}</p>
      <Choice label={later.side.label} values={pairs(sides, later.side)} value={d.side} disabled={disabled} onChange={(side) => change({ side })} />
      <p class="field">{later.view.label}</p>
      <Choice label={later.view.label} values={pairs(views, later.view)} value={d.view} disabled={disabled} onChange={(view) => change({ view })} />
      <p class="field">{later.kind.label}</p>
      <Choice label={later.kind.label} values={pairs(kinds, later.kind)} value={d.type} disabled={disabled} onChange={(type) => change({ type })} />
      <Switch id="intimate" on={Boolean(d.intimate)} label={later.intimate.label} note={later.intimate.note} disabled={disabled}
        onChange={(intimate) => change({ intimate })} />
      {page.photos.length > 1 && !disabled && (
        <button class="second wide" id="copy" onClick={() => setCopies(page.editing!.copyToAll(photo))}><Icon name="copy" />{later.details.copy}</button>
      )}
      <p role="status" class="quiet" data-testid="copied">{copies >= 0 && plural(later.details.copied, copies)}</p>
    </section>
  )
}
