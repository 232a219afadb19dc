// Steps that the scenes share.

export const state = (page, s, n = 1) => page.waitForFunction(([s, n]) => document.querySelectorAll(`[data-image-state="${s}"]`).length === n, [s, n], { timeout: 20_000 })
export const screen = (page, s) => page.waitForSelector(`[data-screen="${s}"]`, { timeout: 15_000 })
export const notice = (page, s) => page.waitForSelector(`[data-notice="${s}"]`, { timeout: 15_000 })
export const take = (page, f) => page.setInputFiles('#take-input', f)
export const choose = (page, f) => page.setInputFiles('#choose-input', f)

export const open = async (page, n) => {
  await page.click(`.tile >> nth=${n}`)
  await screen(page, 'photo')
}
export const until = async (what, ok) => {
  for (let i = 0; !(await ok()); i++) {
    if (i > 200) throw new Error(`${what} did not happen`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
export const amended = (mock, n) => until(`an amendment of ${n} photos`, () => new Set(mock.world.amendments.map((a) => a.id)).size >= n)

/** Nothing of the session is left on the phone, within a second or two. */
export async function emptied(page) {
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

/** As in a browser without workers that draw: everything is done on the page. */
export function onPage() {
  delete window.OffscreenCanvas
}

/** As WebKit does when its memory is used up: larger canvases take no picture and say nothing. */
export function blackAbove(edge) {
  const kind = CanvasRenderingContext2D.prototype
  const draw = kind.drawImage
  kind.drawImage = function (...args) {
    draw.apply(this, args)
    if (Math.max(this.canvas.width, this.canvas.height) <= edge) return
    this.fillStyle = '#000'
    this.fillRect(0, 0, this.canvas.width, this.canvas.height)
  }
}

/** Remembers every camera that the page opens; `running` counts those that are on. */
export function watchCameras() {
  const tracks = []
  const { mediaDevices } = navigator
  if (!mediaDevices) return
  const open = mediaDevices.getUserMedia.bind(mediaDevices)
  mediaDevices.getUserMedia = async (wish) => {
    const stream = await open(wish)
    tracks.push(...stream.getTracks())
    return stream
  }
  window.cameras = { tracks, running: () => tracks.filter((t) => t.readyState === 'live').length }
}
export const camerasOff = (page) => page.waitForFunction(() => window.cameras.running() === 0)
