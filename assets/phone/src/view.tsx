import type { ComponentChildren } from 'preact'
import { useEffect, useReducer, useRef } from 'preact/hooks'
import type { Page } from './page.ts'
import { arrived, unsent, type Photo } from './queue.ts'
import { fill, plural, text } from './text.ts'

/** Chrome on Android 14 and newer offers the camera only with a token it does not know. */
const libraryTypes = /Android.*Chrome/.test(navigator.userAgent)
  ? 'image/jpeg,image/png,android/allowCamera'
  : 'image/jpeg,image/png'

export function App({ page }: { page: Page }) {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  useEffect(() => {
    const stop = page.subscribe(() => redraw(0))
    const minute = setInterval(() => redraw(0), 15_000)
    return () => {
      stop()
      clearInterval(minute)
    }
  }, [page])
  const { screen } = page
  switch (screen.name) {
    case 'connecting':
      return <Connecting page={page} />
    case 'ended':
      return <Ended page={page} why={screen.why} />
    case 'finished':
      return (
        <Message id="finished" mark="tick" title={text.finished.title}>
          <p>{plural(text.finished.body, screen.count)}</p>
          <p class="strong">{text.summary.away}</p>
          <p class="quiet">{text.finished.camera}</p>
        </Message>
      )
    case 'session':
      return <Session page={page} />
  }
}

function Connecting({ page }: { page: Page }) {
  const trouble = page.connectTrouble
  const line = !trouble
    ? text.trouble.connecting
    : trouble === 'offline'
      ? text.trouble.connectingOffline
      : trouble === 'captive'
        ? text.trouble.connectingCaptive
        : text.trouble.connectingAway
  return (
    <main class="message" data-screen="connecting" data-trouble={trouble}>
      <Hint page={page} />
      <div class="spinner" aria-hidden="true" />
      <p role="status">{line}</p>
      {page.pending > 0 && <p class="strong">{plural(text.trouble.waitingPhotos, page.pending)}</p>}
    </main>
  )
}

function Ended({ page, why }: { page: Page; why: keyof typeof text.ended & string }) {
  const words = text.ended[why] as { title: string; body: string }
  const lost = unsent(page.photos).length
  const there = arrived(page.photos).length
  return (
    <Message id={why} mark={lost ? 'warn' : there ? 'tick' : 'warn'} title={words.title}>
      {there > 0 && <p class="strong">{plural(text.ended.arrived, there)}</p>}
      {lost > 0 && <p class="strong" data-testid="unsent">{plural(text.ended.unsent, lost)}</p>}
      <p>{words.body}</p>
      {lost > 0 && (
        <button class="second" id="discard" onClick={() => void page.discardAll()}>
          {plural(text.ended.discard, lost)}
        </button>
      )}
    </Message>
  )
}

function Message(props: { id: string; mark: 'tick' | 'warn'; title: string; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [])
  return (
    <main class="message" data-screen={props.id}>
      <Mark name={props.mark} />
      <h1 tabIndex={-1} ref={title}>{props.title}</h1>
      {props.children}
    </main>
  )
}

function Session({ page }: { page: Page }) {
  const { photos } = page
  const u = page.uploader!
  const status = u.status!
  const minutes = Math.max(0, Math.ceil((status.expires - (page.now() + u.offsetMs)) / 60_000))
  const open = page.canShoot
  return (
    <div class="session" data-screen="session" data-session-state={status.state}>
      <header>
        <p class="practice">{status.practiceName}</p>
        {open && <p class="minutes">{plural(text.minutes, minutes)}</p>}
      </header>
      <main>
        <Hint page={page} small={photos.length > 0} />
        {open && photos.length === 0 && <p class="advice">{text.advice}</p>}
        <Notices page={page} />
        {photos.length > 0 && <Photos page={page} />}
      </main>
      <Actions page={page} open={open} />
    </div>
  )
}

function Hint({ page, small }: { page: Page; small?: boolean }) {
  const hint = page.keys?.hint
  if (!hint || !(hint.name || hint.age || hint.nhiTail)) return null
  const age = /^\d+$/.test(hint.age) ? fill(text.yearsOld, { age: hint.age }) : hint.age
  return (
    <section class={small ? 'hint small' : 'hint'} aria-label={text.patient} data-testid="hint">
      <p class="name">{hint.name}</p>
      <p class="facts">
        {age && <span>{age}</span>}
        {hint.nhiTail && <span>{fill(text.nhiEnds, { tail: hint.nhiTail })}</span>}
      </p>
    </section>
  )
}

function Notices({ page }: { page: Page }) {
  const u = page.uploader!
  const waiting = unsent(page.photos).length
  const state = u.status!.state
  const lines: [string, string][] = []
  const trouble = u.trouble
  if (trouble && page.photos.length > 0) {
    const words = trouble === 'offline' || trouble === 'captive' ? text.trouble[trouble] : text.trouble.unavailable
    lines.push([trouble, words])
  }
  if (state === 'draining' || state === 'closed') lines.push(['draining', waiting ? text.notice.draining : text.notice.drained])
  else if (!page.keys) lines.push(['send-only', text.notice.sendOnly])
  if (page.notAdded > 0) lines.push(['not-added', plural(text.notice.notAdded, page.notAdded)])
  else if (page.canShoot && page.roomLeft === 0) lines.push(['full', text.notice.full])
  if (page.store && !page.store.durable) lines.push(['not-durable', text.notice.notDurable])
  const held = (over: boolean) =>
    page.leftovers.filter((l) => Boolean(l.uploader.ended) === over).reduce((n, l) => n + l.uploader.photos.filter((p) => p.held).length, 0)
  if (held(false) > 0) lines.push(['leftover', plural(text.notice.leftover, held(false))])
  return (
    <div class="notices" role="status">
      {lines.map(([id, line]) => (
        <p key={id} data-notice={id}>{line}</p>
      ))}
      {held(true) > 0 && (
        <p data-notice="leftover-over">
          {plural(text.notice.leftoverOver, held(true))}{' '}
          <button class="link" onClick={() => void page.dropLeftovers()}>{text.remove}</button>
        </p>
      )}
    </div>
  )
}

function Photos({ page }: { page: Page }) {
  const { photos } = page
  return (
    <section aria-label={text.photos}>
      <ol class="photos">
        {photos.map((p, i) => (
          <Row key={p.id} page={page} photo={p} n={i + 1} />
        ))}
      </ol>
    </section>
  )
}

function Row({ page, photo, n }: { page: Page; photo: Photo; n: number }) {
  const percent = Math.floor(photo.progress * 100)
  const reason = photo.reason && text.reason[photo.reason]
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (photo.state === 'failed') row.current?.scrollIntoView({ block: 'center' })
  }, [photo.state])
  return (
    <li ref={row} data-image-id={photo.id} data-image-state={photo.state} data-image-reason={photo.reason}>
      {photo.thumb ? <img src={photo.thumb} alt="" width={64} height={64} /> : <span class="nothumb" aria-hidden="true"><Icon name="photo" /></span>}
      <div class="words">
        <p class="which">{fill(text.photo, { n })}</p>
        <p class="state"><Icon name={iconOf[photo.state]} />{fill(text.state[photo.state], { percent })}</p>
        {reason && <p class="why">{reason}</p>}
        {photo.state === 'sending' && <progress max={100} value={percent} aria-label={fill(text.photo, { n })} />}
        {photo.state === 'failed' && (
          <button class="link" onClick={() => void page.dismiss(photo.id)} aria-label={`${text.remove}: ${fill(text.photo, { n })}`}>
            {text.remove}
          </button>
        )}
      </div>
    </li>
  )
}

function Actions({ page, open }: { page: Page; open: boolean }) {
  const { photos } = page
  const waiting = unsent(photos).length
  const there = arrived(photos).length
  const refused = photos.filter((p) => p.state === 'failed').length
  const safe = waiting === 0 && there > 0 && refused === 0
  const room = open && page.roomLeft > 0
  return (
    <footer data-all-on-computer={safe}>
      <p class="summary" aria-live="polite" data-testid="summary">
        {waiting > 0 && plural(text.summary.sending, waiting)}
        {waiting === 0 && refused > 0 && plural(text.summary.refused, refused)}
        {safe && <>{plural(text.summary.allThere, there)} <strong>{text.summary.away}</strong></>}
      </p>
      {safe && (
        <button class="main" id="done" data-testid="done" onClick={() => void page.finish()}>
          <Icon name="tick" />{text.done}
        </button>
      )}
      {room && (
        <div class={photos.length ? 'pick beside' : 'pick'}>
          <Picker id="take-input" look={safe ? 'second' : 'main'} icon="camera" label={photos.length ? text.takeMore : text.take}
            accept="image/jpeg,image/png" camera onFiles={(f) => page.add(f, 'camera')} />
          <Picker id="choose-input" look="second" icon="photo" label={photos.length ? text.chooseMore : text.choose}
            accept={libraryTypes} onFiles={(f) => page.add(f, 'library')} />
        </div>
      )}
    </footer>
  )
}

function Picker(props: { id: string; look: string; icon: IconName; label: string; accept: string; camera?: boolean; onFiles(files: File[]): void }) {
  const change = (e: Event) => {
    const input = e.currentTarget as HTMLInputElement
    const files = Array.from(input.files ?? [])
    input.value = '' // or choosing the same photo again is no change
    if (files.length) props.onFiles(files)
  }
  return (
    <label class={`picker ${props.look}`}>
      <input type="file" id={props.id} data-testid={props.id} class="hidden" accept={props.accept} onChange={change}
        {...(props.camera ? { capture: 'environment' as const } : { multiple: true })} />
      <Icon name={props.icon} />{props.label}
    </label>
  )
}

type IconName = 'camera' | 'photo' | 'tick' | 'ticks' | 'up' | 'lock' | 'warn'

const iconOf: Record<Photo['state'], IconName> = {
  preparing: 'lock', queued: 'lock', sending: 'up', put: 'up', stored: 'tick', landed: 'tick', filed: 'ticks', gone: 'warn', failed: 'warn',
}

const paths: Record<IconName, string> = {
  camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  photo: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4',
  tick: 'M5 13l4 4L19 7',
  ticks: 'M2 13l4 4L15 7M12 16l1 1L22 7',
  up: 'M12 19V6M6 11l6-6 6 6',
  lock: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  warn: 'M12 4l9 16H3zM12 10v4M12 17v.5',
}

function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 24 24" aria-hidden="true"><path d={paths[name]} /></svg>
  )
}

function Mark({ name }: { name: 'tick' | 'warn' }) {
  return <div class={`mark ${name}`}><Icon name={name} /></div>
}
