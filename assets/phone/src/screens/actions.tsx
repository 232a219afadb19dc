// What can be done next, within the thumb's reach.

import { Icon, type IconName } from '../icons.tsx'
import type { Page } from '../page.ts'
import { arrived, unsent } from '../queue.ts'
import { plural, text } from '../text.ts'

/** Chrome on Android 14 and newer offers the camera only with a token it does not know. */
const libraryTypes = /Android.*Chrome/.test(navigator.userAgent)
  ? 'image/jpeg,image/png,android/allowCamera'
  : 'image/jpeg,image/png'
const cameraTypes = 'image/jpeg,image/png'

/** Browsers give a page the camera only where nobody can have changed it on its way. */
export const hasViewfinder = isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia)

export function Actions({ page, open }: { page: Page; open: boolean }) {
  const { photos, sending } = page
  const waiting = unsent(photos).length
  const { set, nextIntimate } = sending!.shutter
  const changes = sending!.changes.pending
  const there = arrived(photos).length
  const refused = photos.filter((p) => p.state === 'failed').length
  const undoing = photos.some((p) => p.removal === 'undo')
  const safe = waiting === 0 && changes === 0 && !undoing && there > 0 && refused === 0
  const room = open && page.roomLeft > 0
  return (
    <footer data-all-on-computer={safe}>
      <UndoBar page={page} />
      <p class="summary" aria-live="polite" data-testid="summary">
        {waiting > 0 && plural(text.summary.sending, waiting)}
        {waiting === 0 && refused > 0 && plural(text.summary.refused, refused)}
        {waiting === 0 && refused === 0 && changes > 0 && text.summary.changes}
        {safe && <>{plural(text.summary.allThere, there)} <strong>{page.wanting.length > 0 ? text.summary.wanting : text.summary.away}</strong></>}
      </p>
      {safe && (
        <button class="main" id="done" data-testid="done" onClick={() => page.done()}>
          <Icon name="tick" />{text.done}
        </button>
      )}
      {room && (
        <div class={photos.length ? 'pick beside' : 'pick'}>
          <Picker id="take-input" look={safe ? 'second' : 'main'} icon="camera" label={safe ? text.morePhotos : photos.length ? text.takeMore : text.take}
            camera onFiles={(f) => page.add(f, 'camera', sending)} />
          <Picker id="choose-input" look="second" icon="photo" label={photos.length ? text.chooseMore : text.choose}
            onFiles={(f) => page.add(f, 'library', sending)} />
        </div>
      )}
      {room && <Switch id="next-intimate" on={nextIntimate} label={text.nextIntimate} onChange={(on) => page.setShutter({ nextIntimate: on })} />}
      {room && (
        <div class="ways">
          <button class="link quiet" id="guided" onClick={() => page.show({ name: 'set' })}>{text.guided}{set && ` ${set.shots.length + 1}/4`}</button>
          {hasViewfinder && <button class="link quiet" id="viewfinder" onClick={() => page.show({ name: 'camera' })}>{text.viewfinder}</button>}
        </div>
      )}
    </footer>
  )
}

export function UndoBar({ page }: { page: Page }) {
  const n = page.photos.filter((p) => p.removal === 'undo').length
  return (
    <div role="status">
      {n > 0 && (
        <div class="undo" data-testid="undo">
          <span>{plural(text.undo.soon, n)}</span>
          <button class="link" id="undo" onClick={() => page.editing!.takeBack()}>{text.undo.undo}</button>
        </div>
      )}
    </div>
  )
}

export function Picker(props: { id: string; look: string; icon: IconName; label: string; camera?: boolean; onFiles(files: File[]): void }) {
  const change = (e: Event) => {
    const input = e.currentTarget as HTMLInputElement
    const files = Array.from(input.files ?? [])
    input.value = '' // or choosing the same photo again is no change
    if (files.length) props.onFiles(files)
  }
  return (
    <label class={`picker ${props.look}`}>
      <input type="file" id={props.id} data-testid={props.id} class="unseen" onChange={change}
        {...(props.camera ? { accept: cameraTypes, capture: 'environment' as const } : { accept: libraryTypes, multiple: true })} />
      <Icon name={props.icon} />{props.label}
    </label>
  )
}

export function Switch(props: { id: string; on: boolean; label: string; note?: string; disabled?: boolean; onChange(on: boolean): void }) {
  return (
    <label class="switch">
      <input type="checkbox" role="switch" id={props.id} checked={props.on} disabled={props.disabled ?? false}
        onChange={(e) => props.onChange(e.currentTarget.checked)} />
      <span>{props.label}{props.note && <small>{props.note}</small>}</span>
    </label>
  )
}
