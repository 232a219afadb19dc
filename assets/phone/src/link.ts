// The link in the QR code (docs/contracts.md, "Link in the QR code").

import { fromBase64url } from './bytes.ts'

export interface Hint {
  name: string
  age: string
  nhiTail: string
}

/** What the fragment carries: never sent anywhere. */
export interface Keys {
  recipient: string
  secret: Uint8Array
  hint: Hint
}

export interface Place {
  practice: string
  token: string
}

/** The practice and token of the page's path, or null. */
export function parsePath(pathname: string): Place | null {
  const m = /^\/p\/([a-z0-9-]{3,40})\/([0-7][0-9A-HJKMNP-TV-Z]{25})\/?$/.exec(pathname)
  return m ? { practice: m[1]!, token: m[2]! } : null
}

/** The fragment with or without '#'; null when it is missing a part or damaged. */
export function parseFragment(fragment: string): Keys | null {
  const parts = fragment.replace(/^#/, '').split('.')
  if (parts.length !== 3) return null
  const [recipient, secretText, hintText] = parts as [string, string, string]
  const secret = fromBase64url(secretText)
  const hintBytes = fromBase64url(hintText)
  if (!isRecipient(recipient) || secret?.length !== 16) return null
  if (!hintBytes || hintBytes.length > 160) return null
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(hintBytes)
  } catch {
    return null
  }
  const [name, age, nhiTail, ...rest] = text.split('|')
  if (nhiTail === undefined || rest.length > 0) return null
  return { recipient, secret, hint: { name: name ?? '', age: age ?? '', nhiTail } }
}

const bech32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'

/** An age X25519 recipient whose Bech32 checksum holds. */
export function isRecipient(text: string): boolean {
  if (!/^age1[02-9ac-hj-np-z]{58}$/.test(text)) return false
  const values = [3, 3, 3, 0, 1, 7, 5] // the expanded human part "age"
  for (const c of text.slice(4)) values.push(bech32.indexOf(c))
  let chk = 1
  for (const v of values) {
    const top = chk >>> 25
    chk = ((chk & 0x1ffffff) << 5) ^ v
    const gen = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
    gen.forEach((g, i) => {
      if ((top >>> i) & 1) chk ^= g
    })
  }
  return chk === 1
}
