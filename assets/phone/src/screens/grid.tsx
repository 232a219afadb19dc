// Every photo of the session with its state.

import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../icons.tsx'
import { later } from '../later.ts'
import type { Page } from '../page.ts'
import type { Photo } from '../queue.ts'
import { fill, text } from '../text.ts'
import { iconFor, percentOf, stateText, warning } from '../words.ts'

export function Grid({ page }: { page: Page }) {
  const numbered = page.photos.map((photo, i) => ({ photo, n: i + 1 }))
  const failed = numbered.filter(({ photo }) => photo.state === 'failed')
  const tiles = numbered.filter(({ photo }) => photo.state !== 'failed')
  return (
    <section aria-label={text.photos}>
      {failed.length > 0 && (
        <ul class="failed">
          {failed.map((f) => <Failed key={f.photo.id} page={page} {...f} />)}
        </ul>
      )}
      {tiles.length > 0 && (
        <ul class="grid">
          {tiles.map((t) => <Tile key={t.photo.id} page={page} {...t} />)}
        </ul>
      )}
    </section>
  )
}

function Tile({ page, photo, n }: { page: Page; photo: Photo; n: number }) {
  const note = warning(photo)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (page.cameFrom === photo.id) button.current?.focus()
  }, [])
  return (
    <li class={photo.removal && photo.removal !== 'refused' ? 'leaving' : ''} data-image-id={photo.id} data-image-state={photo.state}
      data-image-reason={photo.reason} data-look={photo.look} data-removal={photo.removal}>
      <button class="tile" ref={button} onClick={() => page.show({ name: 'photo', id: photo.id })}>
        <Thumb photo={photo} />
        <span class="which">{fill(text.photo, { n })}</span>
        <span class="state"><Icon name={iconFor(photo)} /><span>{stateText(photo)}</span></span>
        {photo.reason && <span class="why">{later.reason[photo.reason]}</span>}
        {note && <span class="warning"><Icon name="warn" /><span>{note}</span></span>}
      </button>
      {photo.state === 'sending' && <progress max={100} value={percentOf(photo)} aria-label={fill(text.photo, { n })} />}
    </li>
  )
}

function Thumb({ photo }: { photo: Photo }) {
  const { intimate, rotate = 0, caption, site } = photo.details
  return (
    <span class="pic">
      {intimate ? (
        <span class="nothumb"><Icon name="hidden" /><span>{later.intimate.short}</span></span>
      ) : photo.thumb ? (
        <img src={photo.thumb} alt="" class={`turn${rotate}`} />
      ) : (
        <span class="nothumb"><Icon name="photo" /></span>
      )}
      {(caption || site) && <span class="noted"><Icon name="tick" /><span class="unseen">{later.hasDetails}</span></span>}
    </span>
  )
}

function Failed({ page, photo, n }: { page: Page; photo: Photo; n: number }) {
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => row.current?.scrollIntoView({ block: 'center' }), [])
  const name = fill(text.photo, { n })
  return (
    <li ref={row} data-image-id={photo.id} data-image-state={photo.state} data-image-reason={photo.reason}>
      <p class="which">{name}</p>
      <p class="state"><Icon name="warn" />{later.state.failed}</p>
      {photo.reason && <p class="why">{later.reason[photo.reason]}</p>}
      <button class="link" onClick={() => page.editing!.remove(photo.id)} aria-label={`${text.remove}: ${name}`}>{text.remove}</button>
    </li>
  )
}
