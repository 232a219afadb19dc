// One PUT of a sealed image, with progress. XHR, because fetch has none.

export type PutResult = 'stored' | 'again' | 'new-link'

/** No byte moved for this long: the connection is dead, whatever it says. */
export const stallMs = 8_000

/** Headers the browser sets itself and forbids a page to set. */
const own = /^(content-length|host)$/i

/**
 * Never throws. 'stored' includes 409 and 412: the same bytes are there
 * already. 'new-link' when the link is refused or expired; 'again' for the rest.
 */
export function put(
  url: string,
  headers: Record<string, string>,
  bytes: Uint8Array,
  onProgress: (fraction: number) => void,
  stall: number = stallMs,
): Promise<PutResult> {
  return new Promise((resolve) => {
    const xhr = new XMLHttpRequest()
    let timer: ReturnType<typeof setTimeout>
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => xhr.abort(), stall)
    }
    const end = (result: PutResult) => {
      clearTimeout(timer)
      resolve(result)
    }
    xhr.upload.onprogress = (e) => {
      alive()
      if (e.lengthComputable) onProgress(e.loaded / e.total)
    }
    xhr.onload = () => end(putResult(xhr.status))
    xhr.onerror = xhr.onabort = () => end('again')
    try {
      xhr.open('PUT', url)
      for (const [name, value] of Object.entries(headers)) if (!own.test(name)) xhr.setRequestHeader(name, value)
      alive()
      xhr.send(new Blob([bytes as BlobPart])) // without a type: a signed link may not cover Content-Type
    } catch {
      end('again')
    }
  })
}

export function putResult(status: number): PutResult {
  if ((status >= 200 && status < 300) || status === 409 || status === 412) return 'stored'
  return status === 403 || status === 400 || status === 404 ? 'new-link' : 'again'
}
