// Drives the built page in Chromium through its states against the mock, on
// phones of three widths and in both colours, fails when one is not reached or
// axe-core finds a violation, and leaves pictures in artefacts/phone/. The first
// argument picks the scenes whose names begin so; WIDTH picks one width, ALL=1
// keeps every picture.

import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
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

const phones = [{ width: 320, height: 568 }, { width: 390, height: 844 }, { width: 768, height: 1024 }]
const colours = ['light', 'dark']

/** The screens that a GP sees every time: every look of them is kept. Of the others one, in either colour in turn. */
const everyTime = ['landing', 'sending', 'landed', 'photo', 'finished', 'viewfinder', 'wrongPatient', 'consentWho', 'keptNext', 'teReo']
let drawn = 0
const isKept = (name, width, colour) =>
  process.env.ALL || everyTime.includes(name) || (width === 390 && colour === colours[drawn % 2])

/** A palette for each picture: a third of its bytes, and nobody sees it. */
const reduced = (path) => promisify(execFile)('pngquant', ['--force', '--ext', '.png', '--speed', '3', '--quality', '50-90', '--', path])
const mostBytes = 8_000_000

let failed = 0
for (const [name, act] of Object.entries({ ...sending, ...review, ...camera, ...kept, ...asks })) {
  if (only && !name.startsWith(only)) continue
  drawn++
  for (const { width, height } of phones) {
    if (process.env.WIDTH && width !== Number(process.env.WIDTH)) continue
    const mock = await startMock(process.env.HOST)
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: colours[0], deviceScaleFactor: 2, locale: name === 'teReo' ? 'mi-NZ' : 'en-NZ', isMobile: true, hasTouch: true, permissions: ['camera', 'accelerometer', 'gyroscope', 'magnetometer'], javaScriptEnabled: name !== 'noScript' })
    const page = await context.newPage()
    const complaints = []
    context.on('console', (m) => { if (/Content.Security.Policy|Uncaught/i.test(m.text())) complaints.push(m.text()) })
    page.on('pageerror', (e) => complaints.push(e.message))
    try {
      const shown = (await act({ page, mock, context })) ?? page
      for (const colour of colours) {
        await shown.emulateMedia({ colorScheme: colour })
        if (isKept(name, width, colour)) {
          const path = join(out, `${name}-${width}-${colour}.png`)
          await shown.screenshot({ path })
          await reduced(path)
        }
      }
      const wide = await shown.evaluate(() => document.documentElement.scrollWidth > innerWidth).catch(() => false)
      if (wide) throw new Error('the page is wider than the phone')
      for (const colour of colours) {
        await shown.emulateMedia({ colorScheme: colour })
        if (name !== 'noScript') await accessible(shown)
      }
      if (complaints.length) throw new Error(complaints.join('; '))
      console.log(`ok ${name} ${width}`)
    } catch (err) {
      failed++
      console.error(`FAILED ${name} ${width}: ${err.message}`)
      await page.screenshot({ path: join(out, `FAILED-${name}-${width}.png`) }).catch(() => undefined)
    }
    await context.close()
    await mock.stop()
  }
}
await browser.close()
const sizes = await Promise.all((await readdir(out)).map(async (f) => (await stat(join(out, f))).size))
const bytes = sizes.reduce((n, size) => n + size, 0)
console.log(`${sizes.length} pictures, ${(bytes / 1e6).toFixed(1)} MB`)
if (bytes > mostBytes && !process.env.ALL) {
  console.error(`more than ${mostBytes / 1e6} MB: keep fewer`)
  failed++
}
process.exit(failed ? 1 : 0)
