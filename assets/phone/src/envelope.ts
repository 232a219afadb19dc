// The sealed image (docs/contracts.md, "Sealed image"). Loaded while the
// camera is open: nothing here is needed before the first photo.

import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { encrypt } from './age.ts'
import type { Amendment } from './api.ts'
import { randomBytes, toBase64, toHex, utf8 } from './bytes.ts'
import type { Consent } from './consent.ts'
import { tidy, type Details } from './details.ts'
import { zipStored } from './zip.ts'

export interface Capture extends Details {
  v: 1
  imageId: string
  takenAt: string
  width: number
  height: number
  bytes: number
  sha256: string
  originalType: string
  originalBytes: number
  source: 'camera' | 'library'
  page: string
  consent?: Consent
}

export interface Sealed {
  sealed: Uint8Array
  /** Hexadecimal, of the sealed bytes. */
  sha256: string
}

export const sha256Hex = (bytes: Uint8Array): string => toHex(sha256(bytes))

/** The same by the browser's own code, which is ten times as fast, where it gives it. */
const digest = async (bytes: Uint8Array): Promise<string> =>
  globalThis.crypto.subtle ? toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource))) : sha256Hex(bytes)

/**
 * The hexadecimal HMAC that proves the image comes from the phone that saw the
 * code; of the SHA-256 of JPEG and capture.json, both hexadecimal.
 */
export function captureHmac(secret: Uint8Array, sid: string, imageId: string, jpeg: string, capture: string): string {
  return toHex(hmac(sha256, secret, utf8([sid, imageId, jpeg, capture].join('|'))))
}

/** A session as seen by whoever seals for it. */
export interface To {
  recipient: string
  secret: Uint8Array
  sid: string
}

/** Packs, signs and encrypts one image. */
export async function seal(
  to: To,
  capture: Omit<Capture, 'v' | 'bytes' | 'sha256'>, // with the details known by now
  jpeg: Uint8Array,
): Promise<Sealed> {
  const full: Capture = { v: 1, ...capture, bytes: jpeg.length, sha256: await digest(jpeg) }
  const json = utf8(JSON.stringify(full))
  const mac = captureHmac(to.secret, to.sid, capture.imageId, full.sha256, await digest(json))
  const archive = zipStored([
    { name: 'image.jpg', bytes: jpeg },
    { name: 'capture.json', bytes: json },
    { name: 'capture.hmac', bytes: utf8(mac) },
  ])
  const sealed = await encrypt(to.recipient, archive)
  return { sealed, sha256: await digest(sealed) }
}

/** Amendment n (1, 2, 3 …) of an image: the whole set of details, signed and encrypted. */
export async function sealDetails(to: To, imageId: string, n: number, details: Details): Promise<Amendment> {
  const sealed = await encrypt(to.recipient, utf8(JSON.stringify({ v: 1, imageId, n, details: tidy(details) })))
  return { n, sealed: toBase64(sealed), mac: amendmentMac(to.secret, to.sid, imageId, n, sealed) }
}

/** The hexadecimal HMAC over an amendment's sealed bytes. */
export function amendmentMac(secret: Uint8Array, sid: string, imageId: string, n: number, sealed: Uint8Array): string {
  return toHex(hmac(sha256, secret, utf8([sid, imageId, n, sha256Hex(sealed)].join('|'))))
}

const nonceBytes = 12
const ownKey = (secret: Uint8Array) => hkdf(sha256, secret, undefined, utf8('ClinicPro Images phone details v1'), 32)

/**
 * Details for this phone's own store. The key comes from the pairing secret,
 * which the store does not hold: it lives in the link and in the tab.
 */
export function sealOwn(secret: Uint8Array, imageId: string, details: Details): ArrayBuffer {
  const nonce = randomBytes(nonceBytes)
  const body = chacha20poly1305(ownKey(secret), nonce, utf8(imageId)).encrypt(utf8(JSON.stringify(tidy(details))))
  const out = new Uint8Array(nonceBytes + body.length)
  out.set(nonce)
  out.set(body, nonceBytes)
  return out.buffer
}

/** Null when it was sealed under another secret or for another image. */
export function openOwn(secret: Uint8Array, imageId: string, own: ArrayBuffer): Details | null {
  try {
    const b = new Uint8Array(own)
    const plain = chacha20poly1305(ownKey(secret), b.subarray(0, nonceBytes), utf8(imageId)).decrypt(b.subarray(nonceBytes))
    return tidy(JSON.parse(new TextDecoder().decode(plain)) as Details)
  } catch {
    return null
  }
}
