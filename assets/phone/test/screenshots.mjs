// Drives the built page in Chromium through its states against the mock, fails
// when one is not reached or axe-core finds a violation, and leaves pictures
// in artefacts/phone/. The first argument picks the scenes whose names
// begin so; WIDTH picks one width, ALL=1 adds each width's other colours.

import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMock } from './mock.mjs'
import { browser } from './pictures.mjs'
import { scenes as asks } from './scenes-asks.mjs'
import { scenes as camera } from './scenes-camera.mjs'
import { scenes as kept } from './scenes-kept.mjs'
import { scenes as review } from './scenes-review.mjs'
import { scenes as sending } from './scenes-sending.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const out = process.env.OUT ?? join(here, '../../../artefacts/phone')
const only = process.argv[2]
const axe = await readFile(join(here, '../node_modules/axe-core/axe.min.js'), 'utf8')
await mkdir(out, { recursive: true })

/** Rules of WCAG 2.2 A and AA, and good practice. */
async function accessible(page) {
  await page.evaluate(axe) // past the page's own policy, which allows no foreign script
  const { violations } = await page.evaluate(() => axe.run())
  if (violations.length) throw new Error(violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(' and ')}`).join('; '))
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
for (const [name, act] of Object.entries({ ...sending, ...review, ...camera, ...kept, ...asks })) {
  if (only && !name.startsWith(only)) continue
  for (const { width, height, colorScheme } of looks) {
    if (process.env.WIDTH && width !== Number(process.env.WIDTH)) continue
    const mock = await startMock(process.env.HOST)
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: 2, locale: name === 'teReo' ? 'mi-NZ' : 'en-NZ', isMobile: true, hasTouch: true, permissions: ['camera', 'accelerometer', 'gyroscope', 'magnetometer'], javaScriptEnabled: name !== 'noScript' })
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
