import href from '../camera.late.css'

let asked: Promise<void> | null = null

/** Fetches the style sheet of the guided set and the viewfinder, once; rejects without a network, and may be tried again. */
export function styled(): Promise<void> {
  asked ??= fetchSheet().catch((err) => {
    asked = null
    throw err
  })
  return asked
}

function fetchSheet(): Promise<void> {
  const link = document.createElement('link')
  return new Promise((resolve, reject) => {
    link.onload = () => resolve()
    link.onerror = () => {
      link.remove()
      reject(new Error('no style sheet'))
    }
    link.rel = 'stylesheet'
    link.href = new URL(href, import.meta.url).href
    document.head.append(link)
  })
}
