// Synthetic photos, made by the browser itself, and files that are none.

import { chromium } from 'playwright-core'

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
    '--use-fake-device-for-media-stream', '--host-resolver-rules=MAP practice.test 127.0.0.1'],
})

/** A photo of the size asked for. */
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

export const big = await photo(4000, 3000, 'image/jpeg', '#5b2a1f')
export const png = await photo(900, 1200, 'image/png', '#7a1f3a')
export const webp = await photo(900, 1200, 'image/webp', '#7a1f3a')
export const small = await photo(1200, 900, 'image/jpeg', '#3d1d10')
export const blurred = await photo(1200, 900, 'image/jpeg', '#7d4a38', { soft: true })
export const dark = await photo(1200, 900, 'image/jpeg', '#3d1d10', { dim: 0.15 })
export const black = await photo(1200, 900, 'image/jpeg', '#000', { dim: 0 })
export const text = { name: 'letter.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('Dear colleague, this is no photo.') }
export const heic = { name: 'IMG_1.heic', mimeType: 'image/heic', buffer: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic') }
