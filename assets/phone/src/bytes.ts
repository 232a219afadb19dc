// Text forms of bytes, without Buffer, atob quirks or crypto.subtle: the page
// also runs on http:// addresses, where browsers withhold secure features.

const b64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let out = ''
  let acc = 0
  let bits = 0
  for (const b of bytes) {
    acc = ((acc << 8) | b) & 0xffff
    bits += 8
    while (bits >= 6) {
      bits -= 6
      out += b64[(acc >> bits) & 63]
    }
  }
  return bits > 0 ? out + b64[(acc << (6 - bits)) & 63] : out
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  const text = toBase64url(bytes).replace(/-/g, '+').replace(/_/g, '/')
  return text + '='.repeat((4 - (text.length % 4)) % 4)
}

/** Strict inverse of toBase64; null when the text has any other form. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = fromBase64url(text.replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_'))
  return bytes && toBase64(bytes) === text ? bytes : null
}

/** Strict inverse of toBase64url; null when the text has any other form. */
export function fromBase64url(text: string): Uint8Array | null {
  const out = new Uint8Array(Math.floor((text.length * 6) / 8))
  let acc = 0
  let bits = 0
  let n = 0
  for (const c of text) {
    const v = b64.indexOf(c)
    if (v < 0) return null
    acc = ((acc << 6) | v) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[n++] = (acc >> bits) & 255
    }
  }
  return toBase64url(out) === text ? out : null
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export function randomBytes(n: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(n))
}

/** A lower-case UUIDv7: the image's id, in the order of capture. */
export function uuidv7(nowMs: number, random: Uint8Array = randomBytes(10)): string {
  const b = new Uint8Array(16)
  let t = Math.max(0, Math.floor(nowMs))
  for (let i = 5; i >= 0; i--) {
    b[i] = t % 256
    t = Math.floor(t / 256)
  }
  b.set(random.subarray(0, 10), 6)
  b[6] = 0x70 | (b[6]! & 0x0f)
  b[8] = 0x80 | (b[8]! & 0x3f)
  const h = toHex(b)
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`
}
