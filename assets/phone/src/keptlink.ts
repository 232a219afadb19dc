// The words between a workstation and the phone it keeps (docs/contracts.md).
// The gateway that carries them can neither read, forge nor replay them.

import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { decrypt, recipientOf } from './age.ts'
import type { KeepOffer, NextLink } from './api.ts'
import { fromBase64, fromBase64url, randomBytes, toBase64url, toHex, utf8 } from './bytes.ts'
import type { KeptKeys } from './store.ts'

const maxSealed = 4096

const mac = (key: Uint8Array, ...parts: (string | number)[]): string => toHex(hmac(sha256, key, utf8(parts.join('|'))))

/** New keys of a phone, for the workstation whose code had this pairing secret. */
export function makeKept(secret: Uint8Array): KeptKeys {
  return { identity: toBase64url(randomBytes(32)), key: toBase64url(randomBytes(32)), links: toBase64url(linksKey(secret)) }
}

/** The key of the MACs of all links that follow; 32 bytes. */
export const linksKey = (secret: Uint8Array): Uint8Array =>
  hkdf(sha256, secret, undefined, utf8('ClinicPro Images kept phone v1'), 32)

/** What is sent with the claim; the MAC proves to the workstation that no gateway has swapped the recipient. */
export function keepOffer(kept: KeptKeys, secret: Uint8Array, token: string): KeepOffer {
  const recipient = recipientOf(fromBase64url(kept.identity)!)
  const key = toHex(sha256(utf8(kept.key)))
  return { recipient, key, mac: mac(secret, 'keep', token, recipient, key) }
}

export const linkMac = (links: Uint8Array, sid: string, n: number, sealed: Uint8Array): string =>
  mac(links, 'next', sid, n, toHex(sha256(sealed)))

/** The whole link; null when it is not the workstation's, not for this phone, or damaged. */
export async function openLink(kept: KeptKeys, next: NextLink): Promise<string | null> {
  const sealed = fromBase64(next.sealed)
  const links = fromBase64url(kept.links)
  const identity = fromBase64url(kept.identity)
  if (!sealed || !links || !identity || sealed.length > maxSealed) return null
  if (next.mac !== linkMac(links, next.sid, next.n, sealed)) return null
  try {
    const { v, n, link } = JSON.parse(new TextDecoder().decode(await decrypt(identity, sealed)))
    return v === 1 && n === next.n && typeof link === 'string' ? link : null
  } catch {
    return null
  }
}
