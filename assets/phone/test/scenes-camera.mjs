// The guided set, and the viewfinder with Chromium's own camera for tests.

import { png, small } from './pictures.mjs'
import { camerasOff, open, screen, state, take, until, watchCameras } from './steps.mjs'

const view = (page, v) => page.waitForSelector(`[data-view="${v}"]`)
const pressed = async (page, value) => (await page.getAttribute(`[data-value="${value}"]`, 'aria-pressed')) === 'true'
const shown = (page) => page.waitForSelector('[data-camera="open"][data-shown="true"]')
const count = (page, n) => page.waitForFunction((n) => document.querySelector('.count')?.textContent === String(n), n)
const running = (page) => page.evaluate(() => window.cameras.running())

async function shoot(page, n) {
  await page.click('#shutter')
  await count(page, n)
}

async function guided(page, mock) {
  await page.addInitScript(watchCameras)
  await page.goto(mock.link())
  await screen(page, 'session')
  await page.click('#guided')
  await screen(page, 'set')
}

async function viewfinder(page, mock) {
  await page.addInitScript(watchCameras)
  await page.goto(mock.link())
  await screen(page, 'session')
  await page.click('#viewfinder')
  await screen(page, 'camera')
}

/** A browser whose camera answers with an error of that name. */
function broken(name) {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))
}

/** A camera with a light and a focus, which Chromium's own has not; it remembers what is asked of it. */
function able() {
  window.asked = []
  MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true, focusMode: ['continuous', 'single-shot'] })
  MediaStreamTrack.prototype.applyConstraints = async ({ advanced }) => void window.asked.push(...advanced)
}
const asked = (page) => page.evaluate(() => JSON.stringify(window.asked))

/** As a browser does that is put away, or comes back. */
function seen(visibility) {
  Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}

export const scenes = {
  async guidedSet({ page, mock }) {
    await guided(page, mock)
    await view(page, 'locator')
  },
  async guidedSkipped({ page, mock }) {
    await guided(page, mock)
    await take(page, small)
    await view(page, 'near')
    await page.click('#skip')
    await view(page, 'close-up')
    await page.waitForSelector('.steps img')
  },
  async guidedDone({ page, mock }) {
    await scenes.guidedSkipped({ page, mock })
    await take(page, png)
    await view(page, 'dermoscopic')
    await page.click('#skip')
    await screen(page, 'session')
    await state(page, 'landed', 2)
    await open(page, 1)
    if (!(await pressed(page, 'close-up'))) throw new Error('the second photo has not the view that was asked for')
    await page.click('[aria-label="Photo before"]')
    await page.waitForFunction(() => document.querySelector('h1').textContent.startsWith('Photo 1'))
    if (!(await pressed(page, 'locator'))) throw new Error('the first photo has not the view that was asked for')
    await page.evaluate(() => document.querySelector('[data-value="locator"]').scrollIntoView({ block: 'center' }))
  },
  async guidedSurvivesTheTab({ page, mock }) {
    await scenes.guidedSkipped({ page, mock })
    await page.reload()
    await screen(page, 'set')
    await view(page, 'close-up')
  },
  async guidedLeftAndResumed({ page, mock }) {
    await scenes.guidedSkipped({ page, mock })
    await page.goBack()
    await screen(page, 'session')
    await state(page, 'landed')
    await open(page, 0)
    await page.click('[data-part="foot left"]')
    await page.click('#ready')
    if (!(await page.textContent('#guided')).includes('3/4')) throw new Error('the set that was left is not offered again')
    await page.click('#guided')
    await take(page, png)
    await page.click('#end-set')
    await screen(page, 'session')
    await state(page, 'landed', 2)
    await open(page, 1)
    for (const value of ['close-up', 'left']) if (!(await pressed(page, value))) throw new Error(`the second photo is not ${value}`)
    await page.click('#ready')
  },
  async guidedLargeText({ page, mock }) {
    await guided(page, mock)
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%' })
    await page.click('#skip')
    await view(page, 'near')
    await page.click('#viewfinder')
    await shown(page)
    await page.click('#close')
    await page.click('#guided')
    await screen(page, 'set')
  },
  async guidedIntimate({ page, mock }) {
    await guided(page, mock)
    await page.check('#next-intimate')
    await take(page, small)
    await view(page, 'near')
    if (!(await page.isChecked('#next-intimate'))) throw new Error('the next photo of the same finding would not be intimate')
    if (await page.$('.steps img')) throw new Error('an intimate photo has a thumbnail')
    await page.click('#end-set')
    await screen(page, 'session')
    await state(page, 'landed')
  },
  async guidedEnded({ page, mock }) {
    await guided(page, mock)
    await take(page, small)
    await view(page, 'near')
    mock.world.state = 'draining'
    await page.waitForSelector('[data-notice="draining"]', { timeout: 15_000 })
    if (await page.$('#take-input')) throw new Error('a step of a set is offered while draining')
  },
  /** At a practice's own address, without TLS, no browser gives the page a camera. */
  async guidedWithoutViewfinder({ page, mock }) {
    await page.goto(mock.link().replace('127.0.0.1', 'practice.test'))
    await screen(page, 'session')
    if (await page.$('#viewfinder')) throw new Error('a viewfinder is offered that cannot open')
    await page.click('#guided')
    await take(page, small)
    await view(page, 'near')
    if (await page.$('#viewfinder')) throw new Error('a viewfinder is offered that cannot open')
  },
  async viewfinder({ page, mock }) {
    await viewfinder(page, mock)
    await shown(page)
    if ((await running(page)) !== 1) throw new Error(`${await running(page)} cameras are on`)
    if (!(await page.textContent('[data-testid="hint"]')).includes('A. T.')) throw new Error('the patient is not named')
    if (await page.evaluate(() => document.activeElement.id) !== 'shutter') throw new Error('the shutter has not the focus')
  },
  async viewfinderLargeText({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%' })
    await shoot(page, 1)
    const top = await page.evaluate(() => document.querySelector('[data-testid="hint"]').getBoundingClientRect().top)
    if (top !== 0) throw new Error(`the patient is at ${top}`)
  },
  async viewfinderThree({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    for (const n of [1, 2, 3]) await shoot(page, n)
    await page.waitForSelector('#last img')
    if (!(await page.evaluate(() => window.cameras.running() === 1))) throw new Error('the camera went off between two photos')
  },
  async viewfinderClosed({ page, mock }) {
    await scenes.viewfinderThree({ page, mock })
    await page.click('#close')
    await screen(page, 'session')
    await camerasOff(page)
    await state(page, 'landed', 3)
  },
  async viewfinderBack({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    await page.goBack()
    await screen(page, 'session')
    await camerasOff(page)
  },
  async viewfinderFrame({ page, mock }) {
    await page.addInitScript(() => delete window.ImageCapture)
    await scenes.viewfinder({ page, mock })
    await shoot(page, 1)
    await page.keyboard.press('Escape')
    await screen(page, 'session')
    await state(page, 'landed')
  },
  async viewfinderSet({ page, mock }) {
    await guided(page, mock)
    await page.click('#viewfinder')
    await shown(page)
    await view(page, 'locator')
    await shoot(page, 1)
    await view(page, 'near')
    await page.waitForSelector('.ruler')
  },
  async viewfinderSetDone({ page, mock }) {
    await scenes.viewfinderSet({ page, mock })
    await page.click('#skip')
    await view(page, 'close-up')
    await shoot(page, 2)
    await view(page, 'dermoscopic')
    await page.click('#shutter')
    await screen(page, 'session')
    await camerasOff(page)
    await state(page, 'landed', 3)
    await open(page, 2)
    if (!(await pressed(page, 'dermoscopic'))) throw new Error('the last photo has not the view that was asked for')
    await page.click('#ready')
  },
  async viewfinderHints({ page, mock, context }) {
    const sensor = await context.newCDPSession(page)
    await sensor.send('DeviceOrientation.setDeviceOrientationOverride', { alpha: 0, beta: 85, gamma: -30 })
    await scenes.viewfinder({ page, mock })
    await shoot(page, 1)
    await page.waitForSelector('#last img')
    for (const hint of ['guides', 'ghost', 'level']) await page.click(`#${hint}`)
    await page.waitForSelector('.ghost')
    await page.waitForFunction(() => /\d°/.test(document.querySelector('.level b')?.textContent))
  },
  async viewfinderLight({ page, mock }) {
    await page.addInitScript(able)
    await scenes.viewfinder({ page, mock })
    await page.click('#torch')
    await page.waitForSelector('#torch[aria-pressed="true"]')
    const { width, height } = await page.locator('.focus').boundingBox()
    await page.click('.focus', { position: { x: width / 4, y: height / 2 } })
    await shoot(page, 1)
    await until('focussing anew', async () => (await asked(page)).includes('continuous'))
    const [torch, focus, after] = JSON.parse(await asked(page))
    const { x, y } = focus.pointsOfInterest[0]
    if (![torch, focus, after].every((wish) => wish.torch) || focus.focusMode !== 'single-shot' || after.focusMode !== 'continuous') throw new Error(`asked for ${await asked(page)}`)
    if (Math.abs(x - 0.25) > 0.01 || Math.abs(y - 0.5) > 0.01) throw new Error(`focussed at ${x}, ${y}`)
    await page.click('.focus', { position: { x: width / 4, y: height / 2 } })
  },
  async viewfinderLevel({ page, mock, context }) {
    const sensor = await context.newCDPSession(page)
    await sensor.send('DeviceOrientation.setDeviceOrientationOverride', { alpha: 0, beta: 1, gamma: 1 })
    await scenes.viewfinder({ page, mock })
    await page.click('#level')
    await page.waitForSelector('.level.true')
  },
  async viewfinderIntimate({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    await shoot(page, 1)
    await page.click('#ghost')
    await page.waitForSelector('.ghost')
    await page.click('#next-intimate')
    await shoot(page, 2)
    if (await page.$('.ghost')) throw new Error('a ghost while the previous shot is intimate')
    if (await page.$('#last img')) throw new Error('an intimate photo has a thumbnail')
    if ((await page.getAttribute('#next-intimate', 'aria-pressed')) === 'true') throw new Error('the photo after the next would be intimate too')
  },
  async viewfinderRefused({ page, mock, context }) {
    await context.clearPermissions()
    await viewfinder(page, mock)
    await page.waitForSelector('[data-camera="refused"]')
    if ((await running(page)) !== 0) throw new Error('a camera is on')
  },
  async viewfinderInstead({ page, mock, context }) {
    await scenes.viewfinderRefused({ page, mock, context })
    await take(page, small)
    await count(page, 1)
    await page.click('#last')
    await state(page, 'landed')
  },
  async viewfinderNone({ page, mock }) {
    await page.addInitScript(broken, 'NotFoundError')
    await viewfinder(page, mock)
    await page.waitForSelector('[data-camera="none"]')
  },
  async viewfinderBusy({ page, mock }) {
    await page.addInitScript(broken, 'NotReadableError')
    await viewfinder(page, mock)
    await page.waitForSelector('[data-camera="busy"]')
  },
  async viewfinderLost({ page, mock, context }) {
    await scenes.viewfinder({ page, mock })
    await context.clearPermissions() // taken away while the camera runs
    await page.waitForSelector('[data-camera="lost"]')
    await camerasOff(page)
  },
  async viewfinderAgain({ page, mock, context }) {
    await scenes.viewfinderLost({ page, mock, context })
    await context.grantPermissions(['camera'])
    await page.click('#again')
    await shown(page)
    await shoot(page, 1)
  },
  async viewfinderPutAway({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    await page.evaluate(seen, 'hidden')
    if ((await running(page)) !== 0) throw new Error('the camera is on while the page is hidden')
    await page.evaluate(seen, 'visible')
    await shown(page)
    if ((await running(page)) !== 1) throw new Error('the camera did not come back')
  },
  async viewfinderEnded({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    mock.world.state = 'draining'
    await screen(page, 'session')
    await page.waitForSelector('[data-notice="draining"]')
    await camerasOff(page)
  },
  async viewfinderOver({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    mock.world.phoneKey = 'another'
    await screen(page, 'phone-replaced')
    await camerasOff(page)
  },
  async viewfinderNext({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    await until('an offer', () => mock.world.offer)
    mock.world.kept = new Date().setHours(23, 59, 0, 0)
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await mock.publish(1, { sid: '4R66T7EPJWKWDMKE083DDDA5CA', token: '60TS37W4DG4MB6CAX5PPK4JEP2', patient: 'B. U.|8|024' })
    await screen(page, 'next')
    await camerasOff(page)
  },
  async viewfinderFull({ page, mock }) {
    mock.world.maxImages = 1
    await scenes.viewfinder({ page, mock })
    await shoot(page, 1)
    await page.waitForSelector('#shutter[aria-disabled="true"]')
    await page.click('#shutter', { force: true })
    await page.click('#close')
    await state(page, 'landed')
  },
  async viewfinderKeyboard({ page, mock }) {
    await scenes.viewfinder({ page, mock })
    await page.keyboard.press('Enter')
    await count(page, 1)
    await page.waitForSelector('#ghost')
    const stops = []
    for (let i = 0; i < 8; i++) {
      await page.keyboard.press('Tab')
      stops.push(await page.evaluate(() => document.activeElement.id))
    }
    for (const stop of ['last', 'guides', 'ghost', 'level', 'next-intimate', 'close']) if (!stops.includes(stop)) throw new Error(`Tab never reaches ${stop}, only ${stops}`)
    await page.focus('#guides')
  },
}
