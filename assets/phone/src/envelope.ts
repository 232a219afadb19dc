// The sealed image (docs/contracts.md, "Sealed image"). Loaded while the
// camera is open: nothing here is needed before the first photo.

import { Encrypter, Stanza } from 'age-encryption'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bech32, base64nopad } from '@scure/base'
import { randomBytes, toHex, utf8 } from './bytes.ts'
import { zipStored } from './zip.ts'

export interface Capture {
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
}

export interface Sealed {
  sealed: Uint8Array
  /** Hexadecimal, of the sealed bytes. */
  sha256: string
}

export const sha256Hex = (bytes: Uint8Array): string => toHex(sha256(bytes))

/** The hexadecimal HMAC that proves the image comes from the phone that saw the code. */
export function captureHmac(secret: Uint8Array, sid: string, imageId: string, jpeg: Uint8Array, capture: Uint8Array): string {
  const text = [sid, imageId, sha256Hex(jpeg), sha256Hex(capture)].join('|')
  return toHex(hmac(sha256, secret, utf8(text)))
}

/** Packs, signs and encrypts one image. */
export async function seal(
  to: { recipient: string; secret: Uint8Array; sid: string },
  capture: Omit<Capture, 'v' | 'bytes' | 'sha256'>,
  jpeg: Uint8Array,
): Promise<Sealed> {
  const full: Capture = { v: 1, ...capture, bytes: jpeg.length, sha256: sha256Hex(jpeg) }
  const json = utf8(JSON.stringify(full))
  const mac = captureHmac(to.secret, to.sid, capture.imageId, jpeg, json)
  const archive = zipStored([
    { name: 'image.jpg', bytes: jpeg },
    { name: 'capture.json', bytes: json },
    { name: 'capture.hmac', bytes: utf8(mac) },
  ])
  const encrypter = new Encrypter()
  encrypter.addRecipient(new PlainRecipient(to.recipient))
  const sealed = await encrypter.encrypt(archive)
  return { sealed, sha256: sha256Hex(sealed) }
}

/**
 * age's X25519 recipient in pure JavaScript. age-encryption's own asks for
 * crypto.subtle and falls back only when it throws a ReferenceError; on an
 * http:// address crypto.subtle is undefined, and that is a TypeError.
 */
class PlainRecipient {
  private readonly recipient: Uint8Array

  constructor(text: string) {
    const { prefix, bytes } = bech32.decodeToBytes(text)
    if (prefix !== 'age' || bytes.length !== 32) throw new Error('not an age X25519 recipient')
    this.recipient = bytes
  }

  wrapFileKey(fileKey: Uint8Array): Stanza[] {
    const ephemeral = randomBytes(32)
    const share = x25519.scalarMultBase(ephemeral)
    const shared = x25519.scalarMult(ephemeral, this.recipient)
    const salt = new Uint8Array(64)
    salt.set(share)
    salt.set(this.recipient, 32)
    const key = hkdf(sha256, shared, salt, utf8('age-encryption.org/v1/X25519'), 32)
    const body = chacha20poly1305(key, new Uint8Array(12)).encrypt(fileKey)
    return [new Stanza(['X25519', base64nopad.encode(share)], body)]
  }
}
