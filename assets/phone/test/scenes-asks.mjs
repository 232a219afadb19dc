// What the practice asks of the phone.

import { big } from './pictures.mjs'
import { screen, state, take } from './steps.mjs'

export const scenes = {
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
