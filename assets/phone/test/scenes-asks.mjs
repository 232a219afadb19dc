// What the practice asks of the phone.

import { big, small } from './pictures.mjs'
import { emptied, screen, state, take } from './steps.mjs'

const asked = async ({ page, mock }) => {
  mock.world.asks = { consent: true }
  await page.goto(mock.link())
  await screen(page, 'consent')
}

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
    await screen(on.page, 'agree')
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
    await screen(page, 'finished')
    await emptied(page)
    if (!mock.world.calls.includes('POST done') || mock.world.images.size) throw new Error(`the computer heard ${mock.world.calls}`)
  },
  async consentWrongPatient(on) {
    await asked(on)
    await on.page.tap('#wrong')
    await screen(on.page, 'leave')
    await on.page.tap('#stay')
    await screen(on.page, 'consent')
  },
  async askedSize({ page, mock }) {
    mock.world.asks = { target: 250_000 }
    await page.goto(mock.link())
    await screen(page, 'session')
    await take(page, big)
    await state(page, 'landed')
    const [sealed] = mock.world.objects.values()
    if (sealed.length > 252_000) throw new Error(`${sealed.length} bytes were sent where 250,000 were asked for`)
  },
}
