// "Keep this phone": the next patient without a new code.

import { png, small } from './pictures.mjs'
import { choose, emptied, notice, open, screen, state, take, until } from './steps.mjs'

const anaru = { sid: '4R66T7EPJWKWDMKE083DDDA5CA', token: '60TS37W4DG4MB6CAX5PPK4JEP2', patient: 'B. U.|8|024' }
const later = { sid: '5R66T7EPJWKWDMKE083DDDA5CA', token: '61TS37W4DG4MB6CAX5PPK4JEP2', patient: 'C. V.|71|075' }
const evening = () => new Date().setHours(23, 59, 0, 0)

/** The GP switches it on; the next question is asked at once. */
async function keep(page, mock) {
  await until('an offer', () => mock.world.offer)
  mock.world.kept = evening()
  await woken(page)
  await page.waitForSelector('[data-testid="kept"]')
}
const woken = (page) => page.evaluate(() => dispatchEvent(new Event('online')))
async function comes(page, mock, n, who) {
  await mock.publish(n, who)
  await woken(page)
}
const claims = (mock) => mock.world.calls.filter((c) => c === 'POST claim').length

export const scenes = {
  async kept({ page, mock }) {
    await page.goto(mock.link())
    await screen(page, 'session')
    await keep(page, mock)
  },
  async keptConsent({ page, mock }) {
    mock.world.asks = { consent: true }
    await page.goto(mock.link())
    await page.tap('#by-patient')
    await page.tap('#yes')
    await screen(page, 'session')
    await keep(page, mock)
    await comes(page, mock, 1, anaru)
    await page.tap('#take-next')
    await screen(page, 'consent') // each patient is asked
    if (!(await page.textContent('[data-testid="hint"]')).includes('B. U.')) throw new Error('somebody else is asked')
    await page.reload()
    await screen(page, 'consent')
  },
  async keptNext({ page, mock }) {
    await scenes.kept({ page, mock })
    await take(page, small)
    await state(page, 'landed')
    const before = claims(mock)
    await comes(page, mock, 1, anaru)
    await screen(page, 'next')
    if (!(await page.textContent('[data-testid="hint"]')).includes('B. U.')) throw new Error('the next patient is not named')
    if (await page.$('input[type="file"]')) throw new Error('the shutter is free before the tap')
    if (claims(mock) !== before) throw new Error('claimed before the tap')
  },
  async keptTaken({ page, mock }) {
    await scenes.keptNext({ page, mock })
    await page.click('#take-next')
    await screen(page, 'session')
    if (!page.url().endsWith(anaru.token)) throw new Error(`a reload would come back to ${page.url()}`)
    await page.reload()
    await screen(page, 'session')
    await take(page, png)
    await state(page, 'landed')
    const sids = [...mock.world.images.values()].map((i) => i.sid)
    if (sids.join() !== [mock.world.sid, anaru.sid].join()) throw new Error(`the photos went to ${sids}`)
    await comes(page, mock, 2, later)
    await screen(page, 'next')
  },
  async keptUnsent({ page, mock }) {
    await scenes.kept({ page, mock })
    mock.world.putFail = 500
    await choose(page, [small, png])
    await page.waitForFunction(() => document.querySelectorAll('[data-image-state="queued"],[data-image-state="sending"]').length === 2)
    await page.evaluate(() => { window.shutter = document.getElementById('take-input') })
    await comes(page, mock, 1, anaru)
    await screen(page, 'next')
    // The camera was open when the patient changed: its photo is of the one before.
    await (await page.evaluateHandle(() => window.shutter)).asElement().setInputFiles(small)
    await page.waitForFunction(() => document.querySelector('[data-testid="before"]')?.textContent.startsWith('3 '))
  },
  async keptUnsentSent({ page, mock }) {
    await scenes.keptUnsent({ page, mock })
    await page.click('#take-next')
    await screen(page, 'session')
    await notice(page, 'leftover')
    mock.world.putFail = null
    await page.waitForFunction(() => !document.querySelector('[data-notice="leftover"]'), null, { timeout: 30_000 })
    const wrong = [...mock.world.images.values()].filter((i) => i.sid !== mock.world.sid)
    if (mock.world.images.size !== 3 || wrong.length) throw new Error(`${mock.world.images.size} photos, ${wrong.length} of them with the wrong patient`)
  },
  async keptFromAPhoto({ page, mock }) {
    await scenes.kept({ page, mock })
    await take(page, small)
    await state(page, 'landed')
    await open(page, 0)
    await comes(page, mock, 1, anaru)
    await screen(page, 'next')
    await page.waitForTimeout(300)
    await page.click('#take-next')
    await screen(page, 'session')
    if (!page.url().endsWith(anaru.token)) throw new Error(`the address is ${page.url()}`)
  },
  async keptWithdrawn({ page, mock }) {
    await scenes.keptNext({ page, mock })
    mock.world.next = null
    await woken(page)
    await screen(page, 'session')
    await page.waitForSelector('#take-input', { state: 'attached' })
  },
  async keptFinished({ page, mock }) {
    await scenes.kept({ page, mock })
    await take(page, small)
    await state(page, 'landed')
    await page.click('#done')
    await screen(page, 'finished')
    await emptied(page)
  },
  async keptWaiting({ page, mock }) {
    await scenes.keptFinished({ page, mock })
    await page.reload()
    await screen(page, 'waiting')
    await comes(page, mock, 1, anaru)
    await screen(page, 'next')
    mock.world.next = null
    await woken(page)
    await screen(page, 'waiting')
  },
  async keptOver({ page, mock }) {
    await scenes.keptFinished({ page, mock })
    mock.world.kept = 0
    await woken(page)
    await screen(page, 'kept-over')
  },
  async keptOverInSession({ page, mock }) {
    await scenes.kept({ page, mock })
    mock.world.kept = 0
    await woken(page)
    await notice(page, 'kept-over')
  },
  async keptForged({ page, mock }) {
    await scenes.kept({ page, mock })
    await mock.publish(1, anaru)
    mock.world.next.mac = '0'.repeat(64)
    for (let i = 0; i < 4; i++) {
      await woken(page)
      await page.waitForTimeout(300)
    }
    await notice(page, 'distrusted')
  },
  async keptOtherSession({ page, mock }) {
    await scenes.kept({ page, mock })
    await mock.publish(1, anaru)
    mock.world.later.sid = later.sid // the gateway answers for another session than the link's
    await woken(page)
    await page.click('#take-next')
    await screen(page, 'link-unknown')
  },
}
