// From the code to the computer, and all that can go wrong on the way.

import { big, heic, png, small, text, webp } from './pictures.mjs'
import { choose, emptied, notice, open, screen, state, take } from './steps.mjs'

export const scenes = {
  async landing({ page, mock }) {
    await page.goto(mock.link())
    await page.waitForSelector('#take-input', { state: 'attached' })
    if (page.url().includes('#')) throw new Error('the fragment is still in the address')
  },
  async connecting({ page, mock }) {
    mock.world.fail = 'unavailable'
    await page.goto(mock.link())
    await page.waitForSelector('[data-trouble="unavailable"]')
  },
  async miniBrowser({ page, mock }) {
    await page.addInitScript(() => Object.defineProperty(navigator, 'userAgent', { value: 'MicroMessenger/8.0.47' }))
    await page.goto(mock.link())
    await notice(page, 'mini-browser')
  },
  async cannotShow({ page, mock }) {
    await page.route('**/assets/page.*', (request) => request.abort()) // as in a browser too old for the page's code
    await page.goto(mock.link())
    await page.locator('.blank').waitFor()
  },
  async captive({ page, mock }) {
    mock.world.fail = 'captive'
    await page.goto(mock.link())
    await page.waitForSelector('[data-trouble="captive"]')
  },
  async sending({ page, mock, context }) {
    const net = await context.newCDPSession(page)
    await net.send('Network.enable')
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
    await net.send('Network.emulateNetworkConditions', { offline: false, latency: 20, downloadThroughput: 1e6, uploadThroughput: 150_000 })
    await choose(page, [big, png])
    await page.waitForFunction(() => [...document.querySelectorAll('progress')].some((p) => p.value > 25 && p.value < 95), null, { timeout: 30_000 })
  },
  async stored({ page, mock }) {
    mock.world.land = false
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'stored', 2)
    if (await page.$('#done')) throw new Error('Done is offered before the photos are on the computer')
  },
  async landed({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [big, png, small])
    await state(page, 'landed', 3)
    await page.waitForSelector('#done')
    for (const [id, bytes] of mock.world.objects) if (bytes.length > 1_000_000) throw new Error(`${id} has ${bytes.length} bytes`)
  },
  async filed({ page, mock }) {
    mock.world.file = true
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [png, small])
    await state(page, 'filed', 2)
  },
  async finished({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [png, small])
    await state(page, 'landed', 2)
    await page.click('#done')
    await screen(page, 'finished')
    await page.waitForFunction(() => sessionStorage.length === 0)
    if (!mock.world.calls.includes('POST done')) await page.waitForTimeout(500)
    if (!mock.world.calls.includes('POST done')) throw new Error('"done" was not sent')
    await emptied(page)
  },
  async refused({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, heic, text])
    await state(page, 'failed', 2)
    await state(page, 'landed')
  },
  async otherFormat({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [png, webp, { ...webp, name: 'IMG_2.jpg', mimeType: 'image/jpeg' }])
    await state(page, 'landed', 3)
  },
  async offline({ page, mock, context }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await page.waitForTimeout(800) // the tools load while the camera is open
    await context.setOffline(true)
    await choose(page, [small, png])
    await notice(page, 'offline')
  },
  async backOnline({ page, mock, context }) {
    await scenes.offline({ page, mock, context })
    await context.setOffline(false)
    await state(page, 'landed', 2)
  },
  async killedAndReopened({ page, mock, context }) {
    mock.world.putFail = 'reset'
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await page.waitForFunction(() => document.querySelectorAll('[data-image-state="queued"],[data-image-state="sending"]').length === 2)
    await page.close()
    mock.world.putFail = null
    const again = await context.newPage() // another tab: no sessionStorage, the link is scanned again
    await again.goto(mock.link())
    await state(again, 'landed', 2)
    if (mock.world.objects.size !== 2) throw new Error(`${mock.world.objects.size} objects`)
    return again
  },
  async brokenPuts({ page, mock }) {
    mock.world.putFail = (n) => [403, 'reset', 500, null][n - 1] ?? null
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
  },
  async lostStoredAnswer({ page, mock }) {
    let lost = 0
    mock.world.fail = (call, w) => {
      if (call !== 'images' || lost++) return null
      for (const i of w.images.values()) Object.assign(i, { state: 'stored', at: 0 })
      return 'reset'
    }
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
  },
  async full({ page, mock }) {
    mock.world.maxImages = 2
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png, small, small])
    await state(page, 'landed', 2)
    await notice(page, 'not-added')
  },
  async draining({ page, mock }) {
    mock.world.land = false
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'stored', 2)
    mock.world.state = 'draining'
    await notice(page, 'draining')
    if (await page.$('#take-input')) throw new Error('a new photo is offered while draining')
  },
  async overUnsent({ page, mock }) {
    mock.world.fail = (call) => (call === 'claim' || call === 'status' ? null : 'session-over')
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await screen(page, 'session-over')
    await page.waitForSelector('[data-testid="unsent"]')
  },
  async closedAllThere({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
    mock.world.state = 'closed'
    await screen(page, 'session-over')
    await page.waitForFunction(() => sessionStorage.length === 0)
  },
  async replaced({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    mock.world.phoneKey = 'another'
    await take(page, small)
    await screen(page, 'phone-replaced')
  },
  async used({ page, mock }) {
    mock.world.phoneKey = 'another'
    await page.goto(mock.link())
    await screen(page, 'link-used')
  },
  async unknown({ page, mock }) {
    mock.world.fail = 'link-unknown'
    await page.goto(mock.link())
    await screen(page, 'link-unknown')
  },
  async noFragment({ page, mock }) {
    await page.goto(mock.link(''))
    await screen(page, 'no-fragment')
    if (mock.world.calls.length) throw new Error('a link without its keys was claimed')
  },
  async badFragment({ page, mock }) {
    await page.goto(mock.link().slice(0, -8) + '%20')
    await screen(page, 'bad-fragment')
  },
}
