// Drives the built page in Chromium through its states against the mock, fails
// when one is not reached or axe-core finds a violation, and leaves pictures
// in artefacts/phone/. The first argument picks the scenes whose names
// begin so; WIDTH picks one width, ALL=1 adds each width's other colours.

import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startMock } from './mock.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const out = process.env.OUT ?? join(here, '../../../artefacts/phone')
const only = process.argv[2]
const axe = await readFile(join(here, '../node_modules/axe-core/axe.min.js'), 'utf8')
await mkdir(out, { recursive: true })

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
})

/** A synthetic photo of the size asked for, made by the browser itself. */
async function photo(width, height, type, tone, { soft = false, dim = 1 } = {}) {
  const page = await browser.newPage()
  const base64 = await page.evaluate(async ([w, h, t, tone, soft, dim]) => {
    const c = new OffscreenCanvas(w, h)
    const x = c.getContext('2d')
    const g = x.createRadialGradient(w / 2, h / 2, h / 20, w / 2, h / 2, h)
    g.addColorStop(0, tone)
    g.addColorStop(0.2, '#e8b79c')
    g.addColorStop(1, '#b98065')
    x.fillStyle = g
    x.fillRect(0, 0, w, h)
    for (let i = 0; i < (soft ? 0 : (w * h) / 400); i++) {
      x.fillStyle = `rgba(${90 + Math.random() * 120},60,40,.25)`
      x.fillRect(Math.random() * w, Math.random() * h, w / 200, w / 200)
    }
    x.fillStyle = `rgba(0,0,0,${1 - dim})`
    x.fillRect(0, 0, w, h)
    const b = new Uint8Array(await (await c.convertToBlob({ type: t, quality: 0.97 })).arrayBuffer())
    let s = ''
    for (let i = 0; i < b.length; i += 8192) s += String.fromCharCode(...b.subarray(i, i + 8192))
    return btoa(s)
  }, [width, height, type, tone, soft, dim])
  await page.close()
  return { name: `photo.${type.slice(6)}`, mimeType: type, buffer: Buffer.from(base64, 'base64') }
}

const big = await photo(4000, 3000, 'image/jpeg', '#5b2a1f')
const png = await photo(900, 1200, 'image/png', '#7a1f3a')
const small = await photo(1200, 900, 'image/jpeg', '#3d1d10')
const blurred = await photo(1200, 900, 'image/jpeg', '#7d4a38', { soft: true })
const dark = await photo(1200, 900, 'image/jpeg', '#3d1d10', { dim: 0.15 })
const black = await photo(1200, 900, 'image/jpeg', '#000', { dim: 0 })
const text = { name: 'letter.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('Dear colleague, this is no photo.') }
const heic = { name: 'IMG_1.heic', mimeType: 'image/heic', buffer: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic') }

const state = (page, s, n = 1) => page.waitForFunction(([s, n]) => document.querySelectorAll(`[data-image-state="${s}"]`).length === n, [s, n], { timeout: 20_000 })
const screen = (page, s) => page.waitForSelector(`[data-screen="${s}"]`, { timeout: 15_000 })
const notice = (page, s) => page.waitForSelector(`[data-notice="${s}"]`, { timeout: 15_000 })
const take = (page, f) => page.setInputFiles('#take-input', f)
const choose = (page, f) => page.setInputFiles('#choose-input', f)

const open = async (page, n) => {
  await page.click(`.tile >> nth=${n}`)
  await screen(page, 'photo')
}
const until = async (what, ok) => {
  for (let i = 0; !ok(); i++) {
    if (i > 200) throw new Error(`${what} did not happen`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
const amended = (mock, n) => until(`an amendment of ${n} photos`, () => new Set(mock.world.amendments.map((a) => a.id)).size >= n)

/** Nothing of the session is left on the phone, within a second or two. */
async function emptied(page) {
  const count = () => page.evaluate(() => new Promise((resolve, reject) => {
    const r = indexedDB.open('clinicpro-images')
    r.onerror = () => reject(r.error)
    r.onsuccess = () => {
      const names = ['sessions', 'images', 'changes']
      const tx = r.result.transaction(names)
      const counts = names.map((n) => tx.objectStore(n).count())
      tx.oncomplete = () => resolve(counts.reduce((n, c) => n + c.result, sessionStorage.length))
      r.result.close()
    }
  }))
  let left = await count()
  for (let i = 0; left && i < 30; i++) {
    await page.waitForTimeout(100)
    left = await count()
  }
  if (left) throw new Error(`${left} records left on the phone`)
}

/** Rules of WCAG 2.2 A and AA, and good practice. */
async function accessible(page) {
  await page.evaluate(axe) // past the page's own policy, which allows no foreign script
  const { violations } = await page.evaluate(() => axe.run())
  if (violations.length) throw new Error(violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(' and ')}`).join('; '))
}

/** As WebKit does when its memory is used up: larger canvases take no picture and say nothing. */
function blackAbove(edge) {
  for (const kind of [CanvasRenderingContext2D, OffscreenCanvasRenderingContext2D]) {
    const draw = kind.prototype.drawImage
    kind.prototype.drawImage = function (...args) {
      draw.apply(this, args)
      if (Math.max(this.canvas.width, this.canvas.height) <= edge) return
      this.fillStyle = '#000'
      this.fillRect(0, 0, this.canvas.width, this.canvas.height)
    }
  }
}

const scenes = {
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
  async looks({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, blurred, dark])
    await state(page, 'landed', 3)
    const seen = await page.$$eval('[data-look]', (tiles) => tiles.map((t) => t.dataset.look))
    if (seen.join() !== 'good,blurred,dark') throw new Error(`the photos look ${seen}`)
  },
  async blackPhoto({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, black)
    await state(page, 'landed')
    if ((await page.getAttribute('[data-look]', 'data-look')) !== 'black') throw new Error('a black photo is not noticed')
  },
  async blackCanvas({ page, mock }) {
    await page.addInitScript(blackAbove, 3000)
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, big)
    await state(page, 'landed')
    if ((await page.getAttribute('[data-look]', 'data-look')) !== 'good') throw new Error('the canvas that came out black was sent')
  },
  async blackCanvases({ page, mock }) {
    await page.addInitScript(blackAbove, 1000)
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, big)
    await page.waitForSelector('[data-image-reason="memory"]', { timeout: 30_000 })
    if (mock.world.puts) throw new Error('something was sent')
  },
  async intimate({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await page.check('#next-intimate')
    await take(page, png)
    await state(page, 'landed', 2)
    if (await page.isChecked('#next-intimate')) throw new Error('the photo after the next would be intimate too')
    if ((await page.$$('.grid img')).length !== 1) throw new Error('an intimate photo has a thumbnail')
  },
  async photo({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'landed', 2)
    await open(page, 0)
    await page.fill('#caption', 'Itchy for two weeks')
    await page.click('[data-part="forearm right"]')
    await page.click('[data-value="close-up"]')
    await page.click('[data-value="lesion"]')
    await page.click('#rotate')
    await amended(mock, 1)
    await page.evaluate(() => scrollTo(0, 0))
  },
  async photoDetails({ page, mock }) {
    await scenes.photo({ page, mock })
    await page.fill('#site-search', 'wr')
    await page.waitForFunction(() => document.querySelectorAll('.bodysite [data-value]').length === 2)
    await page.click('#copy')
    await page.waitForFunction(() => document.querySelector('[data-testid="copied"]').textContent.includes('1 other'))
    await amended(mock, 2)
    await page.locator('.details h2').scrollIntoViewIfNeeded()
    await page.evaluate(() => document.querySelector('.details').scrollIntoView())
  },
  async photoMap({ page, mock }) {
    await scenes.photo({ page, mock })
    await page.evaluate(() => document.querySelector('.bodysite').scrollIntoView())
    await page.click('[data-part="foot left"]')
    if ((await page.getAttribute('[data-value="left"]', 'aria-pressed')) !== 'true') throw new Error('the side tapped on is not taken over')
  },
  async photoIntimate({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await page.check('#next-intimate')
    await take(page, small)
    await state(page, 'landed')
    await open(page, 0)
    if (await page.$('.large img')) throw new Error('an intimate photo is shown unasked')
  },
  async photoFiled({ page, mock }) {
    mock.world.file = true
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'filed')
    await open(page, 0)
    await page.waitForSelector('[data-testid="locked"]')
    if (await page.isEnabled('#caption')) throw new Error('a filed photo can be changed')
  },
  async detailsSurviveTheTab({ page, mock, context }) {
    mock.world.fail = (call) => (/details$/.test(call) ? 'unavailable' : null)
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
    await open(page, 0)
    await page.fill('#caption', 'Grown since March')
    await page.waitForTimeout(1_500)
    await page.close()
    mock.world.fail = null
    const again = await context.newPage()
    await again.goto(mock.link())
    await amended(mock, 1)
    await open(again, 0)
    if ((await again.inputValue('#caption')) !== 'Grown since March') throw new Error('the caption is forgotten')
    return again
  },
  async undo({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'landed', 2)
    await open(page, 1)
    await page.click('#remove')
    await page.waitForSelector('#undo')
    if (mock.world.calls.some((c) => c.startsWith('DELETE'))) throw new Error('the workstation was asked within the undo time')
  },
  async takenBack({ page, mock }) {
    await scenes.undo({ page, mock })
    await page.click('#undo')
    await page.waitForTimeout(6_000)
    if (mock.world.calls.some((c) => c.startsWith('DELETE'))) throw new Error('a removal taken back was asked for')
  },
  async removed({ page, mock }) {
    mock.world.retract = false
    await scenes.undo({ page, mock })
    await page.waitForSelector('[data-removal="asked"]', { timeout: 10_000 })
    if ((await page.textContent('[data-removal="asked"]')).includes('Removed')) throw new Error('"removed" before the workstation says so')
    mock.world.retract = true
    await state(page, 'gone')
  },
  async wrongPatient({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'landed', 2)
    await page.click('#wrong')
    await screen(page, 'leave')
  },
  async wrongPatientNoPhotos({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await page.click('#wrong')
    await screen(page, 'leave')
  },
  async leftKeeping({ page, mock }) {
    mock.world.putFail = (n) => (n > 1 ? 500 : null)
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'landed')
    await page.click('#wrong')
    await page.click('#leave-keep')
    await page.waitForSelector('[data-told="true"]')
    await page.waitForSelector('[data-testid="still-here"]')
    if (!mock.world.left?.keep) throw new Error('the photos were to be kept')
  },
  async leftKeptAll({ page, mock }) {
    await scenes.leftKeeping({ page, mock })
    mock.world.putFail = null
    await page.waitForFunction(() => !document.querySelector('[data-testid="still-here"]'), null, { timeout: 20_000 })
    await emptied(page)
  },
  async leftDiscarding({ page, mock }) {
    await scenes.wrongPatient({ page, mock })
    await page.click('#leave-discard')
    await page.waitForSelector('[data-testid="gone"]')
    if (mock.world.left?.keep !== false) throw new Error('the photos were to be discarded')
    await emptied(page)
  },
  async leftOffline({ page, mock, context }) {
    await scenes.wrongPatient({ page, mock })
    await context.setOffline(true)
    await page.click('#leave-discard')
    await page.waitForFunction(() => document.querySelector('[data-told="false"]')?.textContent.startsWith('No connection'))
  },
  async inRecord({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
    for (const i of mock.world.images.values()) Object.assign(i, { state: 'filed', sinks: ['alex-media'] })
    await state(page, 'filed')
    await page.waitForFunction(() => document.querySelector('.tile .state').textContent === 'In the record')
  },
  async teReo({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    if (!(await page.textContent('footer')).includes('Tango whakaahua')) throw new Error('te reo Māori is not picked')
    await take(page, small)
    await state(page, 'landed')
  },
  async largeText({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%' })
    await choose(page, [small, blurred])
    await state(page, 'landed', 2)
  },
  async largeTextPhoto({ page, mock }) {
    await scenes.largeText({ page, mock })
    await open(page, 1)
    await page.locator('.details').scrollIntoViewIfNeeded()
  },
  async keyboard({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await choose(page, [small, png])
    await state(page, 'landed', 2)
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName)
    const tabTo = async (what) => {
      const seen = []
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        seen.push(await focused())
        if (seen.at(-1) === what) return
      }
      throw new Error(`Tab never reaches ${what}, only ${seen.join(', ')}`)
    }
    await page.evaluate(() => document.activeElement.blur())
    for (const stop of ['wrong', 'tile', 'tile', 'done', 'take-input', 'choose-input', 'next-intimate']) await tabTo(stop)
    await page.keyboard.press('Space')
    if (!(await page.isChecked('#next-intimate'))) throw new Error('the switch does not listen to the keyboard')
    await page.keyboard.press('Space')
    await page.focus('.tile')
    await page.keyboard.press('Enter')
    await screen(page, 'photo')
    if ((await focused()) !== 'H1') throw new Error('the large view does not take the focus')
    for (const stop of ['retake-input', 'rotate', 'remove', 'caption', 'site-search', 'intimate', 'copy', 'ready']) await tabTo(stop)
    await page.keyboard.press('Enter')
    await screen(page, 'session')
    await page.waitForFunction(() => document.activeElement.className === 'tile')
    await page.focus('#take-input')
  },
  async phoneBack({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
    await open(page, 0)
    await page.goBack()
    await screen(page, 'session')
  },
  async noScript({ page, mock }) {
    await page.goto(mock.link())
    await page.waitForSelector('noscript h1')
  },
}

const looks = [
  { width: 320, height: 568, colorScheme: 'light' },
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 768, height: 1024, colorScheme: 'light' },
  ...(process.env.ALL
    ? [{ width: 320, height: 568, colorScheme: 'dark' }, { width: 390, height: 844, colorScheme: 'light' }, { width: 768, height: 1024, colorScheme: 'dark' }]
    : []),
]
let failed = 0
for (const [name, act] of Object.entries(scenes)) {
  if (only && !name.startsWith(only)) continue
  for (const { width, height, colorScheme } of looks) {
    if (process.env.WIDTH && width !== Number(process.env.WIDTH)) continue
    const mock = await startMock(process.env.HOST)
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: 2, locale: name === 'teReo' ? 'mi-NZ' : 'en-NZ', isMobile: true, hasTouch: true, javaScriptEnabled: name !== 'noScript' })
    const page = await context.newPage()
    const complaints = []
    context.on('console', (m) => { if (/Content.Security.Policy|Uncaught/i.test(m.text())) complaints.push(m.text()) })
    page.on('pageerror', (e) => complaints.push(e.message))
    try {
      const shown = (await act({ page, mock, context })) ?? page
      await shown.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`) })
      const wide = await shown.evaluate(() => document.documentElement.scrollWidth > innerWidth).catch(() => false)
      if (wide) throw new Error('the page is wider than the phone')
      if (name !== 'noScript') await accessible(shown)
      if (complaints.length) throw new Error(complaints.join('; '))
      console.log(`ok ${name} ${width} ${colorScheme}`)
    } catch (err) {
      failed++
      console.error(`FAILED ${name} ${width} ${colorScheme}: ${err.message}`)
      await page.screenshot({ path: join(out, `FAILED-${name}-${width}.png`) }).catch(() => undefined)
    }
    await context.close()
    await mock.stop()
  }
}
await browser.close()
process.exit(failed ? 1 : 0)
