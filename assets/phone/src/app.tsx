import { useEffect, useReducer } from 'preact/hooks'
import type { Page } from './page.ts'
import { inSession } from './screen.ts'
import { Connecting, Waiting } from './screens/connecting.tsx'
import { late } from './screens/late.tsx'
import { Grid, Session } from './screens/session.tsx'

const Review = late(() => import('./screens/review.tsx').then((m) => m.Review), Waiting)
const Guided = late(() => import('./screens/guided.tsx').then((m) => m.load()), Waiting)
const Viewfinder = late(() => import('./screens/viewfinder.tsx').then((m) => m.load()), Waiting)
const Leave = late(() => import('./screens/leave.tsx').then((m) => m.Leave), Waiting)
const Left = late(() => import('./screens/leave.tsx').then((m) => m.Left), Waiting)
const Consent = late(() => import('./screens/consent.tsx').then((m) => m.Consent), Waiting)
const Wanted = late(() => import('./screens/wanted.tsx').then((m) => m.Wanted), Waiting)
const Ended = late(() => import('./screens/message.tsx').then((m) => m.Ended), Waiting)
const Next = late(() => import('./screens/kept.tsx').then((m) => m.Next), Waiting)
const WaitingForNext = late(() => import('./screens/kept.tsx').then((m) => m.WaitingForNext), Waiting)
const KeptOver = late(() => import('./screens/kept.tsx').then((m) => m.KeptOver), Waiting)
const Finished = late(() => import('./screens/message.tsx').then((m) => m.Finished), Waiting)

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
    if (!joined) return
    void Grid.load().catch(() => undefined)
    // After what the shutter needs, and before the network may be gone.
    setTimeout(() => void Promise.all([Review, Guided, Viewfinder, Wanted, Leave, Ended, Next].map((part) => part.load())).catch(() => undefined), 1_500)
  }, [joined])
  useBack(page)
  if (page.asksConsent && screen.name !== 'leave' && inSession.includes(screen.name)) return <Consent page={page} />
  switch (screen.name) {
    case 'connecting':
      return <Connecting page={page} />
    case 'ended':
      return <Ended page={page} />
    case 'finished':
      return <Finished page={page} />
    case 'session':
      return <Session page={page} />
    case 'photo':
      return <Review page={page} />
    case 'set':
      return <Guided page={page} />
    case 'camera':
      return <Viewfinder page={page} />
    case 'wanted':
      return <Wanted page={page} />
    case 'leave':
      return <Leave page={page} />
    case 'next':
      return <Next page={page} />
    case 'waiting':
      return <WaitingForNext page={page} />
    case 'kept-over':
      return <KeptOver page={page} />
    case 'left':
      return <Left page={page} />
  }
}

/** The phone's own "back" goes from a photo to the photos, not off the page. */
function useBack(page: Page): void {
  const inside = () => page.screen.name !== 'session' && inSession.includes(page.screen.name)
  const deep = inside()
  useEffect(() => {
    if (!deep) return
    history.pushState(null, '', location.pathname)
    let popped = false
    const back = () => {
      popped = true
      if (inside()) page.show({ name: 'session' })
    }
    addEventListener('popstate', back)
    return () => {
      removeEventListener('popstate', back)
      if (!popped) history.back()
    }
  }, [deep])
}
