// What the practice asks of the phone.

import { big, png, small } from './pictures.mjs'
import { amended, choose, emptied, open, screen, state, take } from './steps.mjs'

const asking = async ({ page, mock }, asks, first = 'session') => {
  mock.world.asks = asks
  await page.goto(mock.link())
  await screen(page, first)
}

const asked = (on) => asking(on, { consent: true }, 'consent')

const required = async (on, require) => {
  await asking(on, { require })
  await choose(on.page, [small, png])
  await state(on.page, 'landed', 2)
}

const pressed = (page) => page.$$eval('[aria-pressed="true"]', (chosen) => chosen.map((c) => c.dataset.value).join())

export const scenes = {
  async consentWho(on) {
    await asked(on)
    if (await on.page.$('#take-input')) throw new Error('the shutter is free before anybody agreed')
  },
  async consentAgree(on) {
    await asked(on)
    await on.page.tap('#by-attorney')
    await screen(on.page, 'agree')
    await on.page.tap('#back')
    await on.page.tap('#by-guardian')
    await on.page.waitForSelector('#yes:enabled')
  },
  async consentGiven(on) {
    const { page } = on
    await asked(on)
    await page.tap('#by-patient')
    await page.tap('#yes')
    await screen(page, 'session')
    await take(page, small)
    await state(page, 'landed')
    await page.reload()
    await screen(page, 'session') // asked once a session
    await state(page, 'landed')
  },
  async consentTappedTwice(on) {
    const { page } = on
    await asked(on)
    const { x, y, width, height } = await page.locator('#by-guardian').boundingBox()
    for (let i = 0; i < 2; i++) await page.touchscreen.tap(x + width / 2, y + height / 2)
    await page.waitForSelector('#yes:enabled')
    if (!(await page.$('[data-screen="agree"]'))) throw new Error('a finger that tapped twice agreed')
  },
  async consentRefused(on) {
    await asked(on)
    await on.page.tap('#by-patient')
    await on.page.tap('#no')
    await screen(on.page, 'refused')
  },
  async consentRefusedAndLeft(on) {
    const { page, mock } = on
    await asked(on)
    await page.tap('#by-patient')
    await page.tap('#no')
    await page.tap('#again')
    await screen(page, 'consent')
    await page.tap('#by-patient')
    await page.tap('#no')
    await page.tap('#stop')
    await page.waitForSelector('[data-screen="left"] [data-told="true"]')
    await emptied(page)
    if (!mock.world.left?.declined || mock.world.images.size) throw new Error(`the computer heard ${mock.world.calls}`)
  },
  async consentWrongPatient(on) {
    await asked(on)
    await on.page.tap('#wrong')
    await screen(on.page, 'leave')
    await on.page.tap('#stay')
    await screen(on.page, 'consent')
  },
  async askedSize(on) {
    const { page, mock } = on
    await asking(on, { target: 250_000 })
    await take(page, big)
    await state(page, 'landed')
    const [sealed] = mock.world.objects.values()
    if (sealed.length > 252_000) throw new Error(`${sealed.length} bytes were sent where 250,000 were asked for`)
  },
  async required(on) {
    await required(on, ['site', 'side', 'view', 'type'])
    await on.page.waitForSelector('text=The practice asks for details.')
    if (on.mock.world.amendments.length) throw new Error('details were made up')
  },
  async requiredAsked(on) {
    const { page } = on
    await required(on, ['site', 'side'])
    await page.tap('#done')
    await screen(page, 'wanted')
    if (await page.isEnabled('#save')) throw new Error('nothing was given, and can be added')
    await page.tap('[data-part="foot left"]')
  },
  async requiredAskedAll(on) {
    await required(on, ['view', 'type'])
    await on.page.tap('#done')
    await screen(on.page, 'wanted')
  },
  async requiredAdded(on) {
    const { page, mock } = on
    await required(on, ['site', 'type'])
    await open(page, 0)
    await page.tap('[data-part="hand right"]')
    await page.tap('#ready')
    await page.tap('#done')
    await screen(page, 'wanted')
    await page.tap('[data-value="foot"]')
    await page.tap('[data-value="wound"]')
    await page.tap('#save')
    await screen(page, 'session')
    await amended(mock, 2)
    await page.waitForSelector('text=You can put the phone away.')
    await open(page, 0)
    if ((await pressed(page)) !== 'hand,right,wound') throw new Error(`the first photo is of ${await pressed(page)}`)
    await page.tap('[aria-label="Next photo"]')
    await page.waitForSelector('text=Photo 2 of 2')
    if ((await pressed(page)) !== 'foot,wound') throw new Error(`the second photo is of ${await pressed(page)}`)
    await page.reload()
    await page.tap('#done') // asked once
    await screen(page, 'finished')
    await emptied(page)
  },
  async requiredSkipped(on) {
    const { page, mock } = on
    await required(on, ['site'])
    await page.tap('#done')
    await screen(page, 'wanted')
    await page.tap('#skip')
    await screen(page, 'finished')
    await emptied(page)
    if (mock.world.amendments.length || mock.world.objects.size !== 2) throw new Error('skipping changed what was sent')
  },
}
