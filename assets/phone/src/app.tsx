import type { ComponentType } from 'preact'
import { useEffect, useReducer, useState } from 'preact/hooks'
import { backoffMs } from './backoff.ts'
import type { Page } from './page.ts'
import { Connecting, Ended, Finished } from './screens/message.tsx'
import { Session } from './screens/session.tsx'
import { text } from './text.ts'

const review = () => import('./screens/review.tsx').then((m) => m.Review)
const leave = () => import('./screens/leave.tsx').then((m) => m.Leave)
const left = () => import('./screens/leave.tsx').then((m) => m.Left)

export function App({ page }: { page: Page }) {
  const [, redraw] = useReducer((n: number) => n + 1, 0)
  const { screen } = page
  useEffect(() => {
    const stop = page.subscribe(() => redraw(0))
    const minute = setInterval(() => redraw(0), 15_000)
    return () => {
      stop()
      clearInterval(minute)
    }
  }, [page])
  const joined = screen.name === 'session'
  useEffect(() => {
    // After what the shutter needs, and before the network may be gone.
    if (joined) setTimeout(() => void Promise.all([review(), leave()]).catch(() => undefined), 1_500)
  }, [joined])
  useBack(page)
  switch (screen.name) {
    case 'connecting':
      return <Connecting page={page} />
    case 'ended':
      return <Ended page={page} why={screen.why} />
    case 'finished':
      return <Finished count={screen.count} />
    case 'session':
      return <Session page={page} />
    case 'photo':
      return <Later key="photo" load={review} page={page} />
    case 'leave':
      return <Later key="leave" load={leave} page={page} />
    case 'left':
      return <Later key="left" load={left} page={page} />
  }
}

/** A screen whose code is fetched when it is wanted. */
function Later({ load, page }: { load: () => Promise<ComponentType<{ page: Page }>>; page: Page }) {
  const [Screen, setScreen] = useState<ComponentType<{ page: Page }> | null>(null)
  useEffect(() => {
    let wanted = true
    const ask = (attempt: number): void => {
      load().then(
        (s) => wanted && setScreen(() => s),
        () => wanted && setTimeout(() => ask(attempt + 1), backoffMs(attempt, 500, 5_000)),
      )
    }
    ask(1)
    return () => {
      wanted = false
    }
  }, [])
  if (Screen) return <Screen page={page} />
  return (
    <main class="message">
      <div class="spinner" aria-hidden="true" />
      <h1 class="line"><span role="status">{text.loading}</span></h1>
    </main>
  )
}

/** The phone's own "back" goes from a photo to the photos, not off the page. */
function useBack(page: Page): void {
  const deep = page.screen.name === 'photo' || page.screen.name === 'leave'
  useEffect(() => {
    if (!deep) return
    history.pushState(null, '', location.pathname)
    let popped = false
    const back = () => {
      popped = true
      if (page.screen.name === 'photo' || page.screen.name === 'leave') page.show({ name: 'session' })
    }
    addEventListener('popstate', back)
    return () => {
      removeEventListener('popstate', back)
      if (!popped) history.back()
    }
  }, [deep])
}
