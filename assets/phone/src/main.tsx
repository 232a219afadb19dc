import { render } from 'preact'
import { Page } from './page.ts'
import { text } from './text.ts'
import { App } from './app.tsx'

const page = new Page()
document.title = text.title
const root = document.getElementById('app')!
root.replaceChildren() // what was said in case this never runs
render(<App page={page} />, root)

for (const [target, event] of [[window, 'online'], [window, 'pageshow'], [document, 'visibilitychange']] as const) {
  target.addEventListener(event, () => {
    if (document.visibilityState === 'visible') page.wake()
    else page.rest()
  })
}

// The same code scanned again into this tab: the browser only changes the fragment.
window.addEventListener('hashchange', () => {
  if (!location.hash) return
  if (page.keys && page.screen.name === 'session') history.replaceState(null, '', location.pathname)
  else location.reload()
})

keepAwake(page)
void page.start()

/** A locked screen freezes uploads: it stays on while a photo is on its way, and while one is being composed. */
function keepAwake(page: Page): void {
  let lock: WakeLockSentinel | null = null
  let asking = false
  const follow = async () => {
    const wanted = (page.pending > 0 || page.screen.name === 'camera') && document.visibilityState === 'visible'
    if (!('wakeLock' in navigator) || asking) return // absent on http:// addresses
    asking = true
    try {
      if (wanted && (!lock || lock.released)) lock = await navigator.wakeLock.request('screen')
      else if (!wanted && lock && !lock.released) await lock.release()
    } catch {
      // Refused on low battery: uploads resume when the page is seen again.
    } finally {
      asking = false
    }
  }
  page.subscribe(() => void follow())
}
