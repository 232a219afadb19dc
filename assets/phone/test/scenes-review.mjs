// What is done with photos already taken, leaving, and the other ways to use the page.

import { big, black, blurred, dark, png, small } from './pictures.mjs'
import { amended, blackAbove, choose, emptied, onPage, open, screen, state, take } from './steps.mjs'

export const scenes = {
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
    await page.addInitScript(onPage)
    await page.addInitScript(blackAbove, 3000)
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, big)
    await state(page, 'landed')
    if ((await page.getAttribute('[data-look]', 'data-look')) !== 'good') throw new Error('the canvas that came out black was sent')
  },
  async blackCanvases({ page, mock }) {
    await page.addInitScript(onPage)
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
