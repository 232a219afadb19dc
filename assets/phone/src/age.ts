// age's X25519 recipient and identity in pure JavaScript. age-encryption's own
// ask for crypto.subtle and fall back only when it throws a ReferenceError; on
// an http:// address crypto.subtle is undefined, and that is a TypeError.

import { Decrypter, Encrypter, Stanza } from 'age-encryption'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bech32, base64nopad } from '@scure/base'
import { randomBytes, utf8 } from './bytes.ts'

/** Encrypts to an age X25519 recipient; throws on a damaged one. */
export function encrypt(recipient: string, plain: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(new PlainRecipient(recipient))
  return encrypter.encrypt(plain)
}

/** Throws when the file is not for this identity, or damaged. */
export function decrypt(identity: Uint8Array, sealed: Uint8Array): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(new PlainIdentity(identity))
  return decrypter.decrypt(sealed)
}

/** The recipient, `age1…`, of an identity's 32 bytes. */
export const recipientOf = (identity: Uint8Array): string => bech32.encodeFromBytes('age', x25519.scalarMultBase(identity))

/** The key that wraps the file key, from both public halves and the shared secret. */
function wrappingKey(shared: Uint8Array, share: Uint8Array, recipient: Uint8Array): Uint8Array {
  const salt = new Uint8Array(64)
  salt.set(share)
  salt.set(recipient, 32)
  return hkdf(sha256, shared, salt, utf8('age-encryption.org/v1/X25519'), 32)
}

const noNonce = () => new Uint8Array(12) // each wrapping key is used once

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
    const key = wrappingKey(x25519.scalarMult(ephemeral, this.recipient), share, this.recipient)
    return [new Stanza(['X25519', base64nopad.encode(share)], chacha20poly1305(key, noNonce()).encrypt(fileKey))]
  }
}

class PlainIdentity {
  constructor(private readonly identity: Uint8Array) {}

  unwrapFileKey(stanzas: Stanza[]): Uint8Array | null {
    const recipient = x25519.scalarMultBase(this.identity)
    for (const { args, body } of stanzas) {
      if (args[0] !== 'X25519' || args.length !== 2) continue
      const share = base64nopad.decode(args[1]!)
      try {
        const key = wrappingKey(x25519.scalarMult(this.identity, share), share, recipient)
        return chacha20poly1305(key, noNonce()).decrypt(body)
      } catch {
        // For somebody else.
      }
    }
    return null
  }
}
