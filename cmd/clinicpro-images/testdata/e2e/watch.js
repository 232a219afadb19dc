// Runs before the page's own code and notes when a person could see what: the
// shutter, and each step of each photo. Times are the page's, in milliseconds.
(() => {
  const seen = (globalThis.seen = [])
  const states = new Map()
  const note = (what, id = '') => seen.push({ at: performance.now(), what, id })
  const once = (what, id) => {
    if (!seen.some((s) => s.what === what && s.id === id)) note(what, id)
  }
  addEventListener('change', (e) => { if (e.target.type === 'file') note('shutter') }, true)
  new MutationObserver(() => {
    if (document.getElementById('take-input')) once('usable', '')
    for (const tile of document.querySelectorAll('[data-image-state]')) {
      const { imageId, imageState } = tile.dataset
      if (tile.querySelector('.pic img')) once('small', imageId)
      if (states.get(imageId) === imageState) continue
      states.set(imageId, imageState)
      note(imageState, imageId)
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-image-state', 'src'] })
})()
