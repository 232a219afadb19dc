// The same files prove the Go side: sync/envelope/testdata.

import { createHash, createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Decrypter } from 'age-encryption'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fromBase64url, toHex } from './bytes.ts'
import { tidy } from './details.ts'
import { amendmentMac, captureHmac, openOwn, seal, sealDetails, sealOwn, sha256Hex } from './envelope.ts'
import { zipStored } from './zip.ts'

const folder = new URL('../../../sync/envelope/testdata/', import.meta.url)
const file = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const golden = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8')) as Record<string, string>
const secret = fromBase64url(golden.secret!)!

/** The stored entries of a ZIP, read by their local headers. */
function entries(zip: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  const out = new Map<string, Uint8Array>()
  for (let at = 0; view.getUint32(at, true) === 0x04034b50; ) {
    const size = view.getUint32(at + 18, true)
    const name = view.getUint16(at + 26, true)
    const data = at + 30 + name + view.getUint16(at + 28, true)
    out.set(new TextDecoder().decode(zip.subarray(at + 30, at + 30 + name)), zip.subarray(data, data + size))
    at = data + size
  }
  return out
}

async function open(sealed: Uint8Array): Promise<Uint8Array> {
  const d = new Decrypter()
  d.addIdentity(golden.identity!)
  return d.decrypt(sealed)
}

const capture = {
  imageId: golden.imageId!, takenAt: '2026-11-23T10:15:00.123+13:00', width: 64, height: 48,
  originalType: 'image/jpeg', originalBytes: 5123456, source: 'camera' as const, page: '1.0.0',
}

afterEach(() => vi.unstubAllGlobals())

describe('envelope', () => {
  it('agrees with the golden HMAC and digests', () => {
    const jpeg = file(golden.image!)
    const json = file(golden.capture!)
    expect(sha256Hex(jpeg)).toBe(golden.imageSha256)
    expect(sha256Hex(json)).toBe(golden.captureSha256)
    expect(captureHmac(secret, golden.sid!, golden.imageId!, sha256Hex(jpeg), sha256Hex(json))).toBe(golden.hmac)
  })
  it('opens what Go sealed', async () => {
    const zip = await open(file(golden.sealed!))
    expect(toHex(zip)).toBe(toHex(file(golden.archive!)))
    expect(entries(zip).get('image.jpg')).toEqual(file(golden.image!))
  })
  it('seals what age opens, with and without crypto.subtle', async () => {
    const jpeg = file(golden.image!)
    const secure = globalThis.crypto
    for (const insecure of [false, true]) {
      if (insecure) vi.stubGlobal('crypto', { getRandomValues: secure.getRandomValues.bind(secure) })
      const { sealed, sha256 } = await seal({ recipient: golden.recipient!, secret, sid: golden.sid! }, capture, jpeg)
      vi.unstubAllGlobals()
      expect(sha256).toBe(sha256Hex(sealed))
      const got = entries(await open(sealed))
      expect([...got.keys()]).toEqual(['image.jpg', 'capture.json', 'capture.hmac'])
      const mac = captureHmac(secret, golden.sid!, golden.imageId!, sha256Hex(got.get('image.jpg')!), sha256Hex(got.get('capture.json')!))
      expect(new TextDecoder().decode(got.get('capture.hmac')!)).toBe(mac)
      expect(JSON.parse(new TextDecoder().decode(got.get('capture.json')!))).toMatchObject({ v: 1, imageId: golden.imageId, sha256: golden.imageSha256, bytes: jpeg.length })
    }
  })
  it('refuses a damaged recipient', async () => {
    const bad = golden.recipient!.replace(/.$/, 'q')
    await expect(seal({ recipient: bad, secret, sid: golden.sid! }, capture, new Uint8Array(3))).rejects.toThrow()
  })
})

describe('amendments', () => {
  const to = { recipient: golden.recipient!, secret, sid: golden.sid! }
  const details = { caption: 'Mokopuna’s knee', site: 'lower-leg', side: 'left' as const, rotate: 90 as const }

  it('are small age files that hold the whole set, under a MAC that binds number and image', async () => {
    const { n, sealed, mac } = await sealDetails(to, golden.imageId!, 3, { ...details, intimate: false, view: undefined })
    const bytes = new Uint8Array(Buffer.from(sealed, 'base64'))
    expect(Buffer.from(bytes).toString('base64')).toBe(sealed)
    expect(bytes.length).toBeLessThan(8192)
    expect(JSON.parse(new TextDecoder().decode(await open(bytes)))).toEqual({ v: 1, imageId: golden.imageId, n: 3, details })
    const want = createHmac('sha256', secret).update(`${golden.sid}|${golden.imageId}|3|${createHash('sha256').update(bytes).digest('hex')}`).digest('hex')
    expect([n, mac]).toEqual([3, want])
    expect(amendmentMac(secret, golden.sid!, golden.imageId!, 4, bytes)).not.toBe(want)
  })
  it('stay below 8 KiB with the longest caption', async () => {
    const { sealed } = await sealDetails(to, golden.imageId!, 1, { ...details, caption: '👩🏽‍⚕️'.repeat(200) })
    expect(Buffer.from(sealed, 'base64').length).toBeLessThan(8192)
  })
  it('are readable on this phone only with the link’s secret, and for their image', () => {
    const own = sealOwn(secret, 'a', details)
    expect(Buffer.from(own).includes('knee')).toBe(false)
    expect(openOwn(secret, 'a', own)).toEqual(details)
    expect(openOwn(secret, 'b', own)).toBeNull()
    expect(openOwn(new Uint8Array(16), 'a', own)).toBeNull()
    expect(openOwn(secret, 'a', new ArrayBuffer(0))).toBeNull()
  })
})

// `npm run golden`: what Go's tests open.
describe.runIf(process.env.FROM_PHONE)('files from the phone', () => {
  it('writes them', async () => {
    const to = new URL('from-phone/', folder)
    mkdirSync(to, { recursive: true })
    const jpeg = file(golden.image!)
    const { sealed } = await seal({ recipient: golden.recipient!, secret, sid: golden.sid! }, capture, jpeg)
    const got = entries(await open(sealed))
    const named = [...got].map(([name, bytes]) => ({ name, bytes }))
    writeFileSync(new URL('sealed.age', to), sealed)
    writeFileSync(new URL('archive.zip', to), zipStored(named))
    writeFileSync(new URL('capture.json', to), got.get('capture.json')!)
    const { identity, recipient, sid, imageId, secret: text } = golden
    const facts = { identity, recipient, sid, imageId, secret: text, imageSha256: golden.imageSha256, hmac: new TextDecoder().decode(got.get('capture.hmac')!), sealed: 'sealed.age', archive: 'archive.zip', capture: 'capture.json' }
    writeFileSync(new URL('golden.json', to), JSON.stringify(facts, null, 2) + '\n')
  })
  it('writes an image with consent', async () => {
    const consent = { by: 'guardian' as const, at: '2026-11-23T10:14:50.500+13:00' }
    const { sealed } = await seal({ recipient: golden.recipient!, secret, sid: golden.sid! }, { ...capture, consent }, file(golden.image!))
    writeFileSync(new URL('from-phone/consent.age', folder), sealed)
  })
  it('writes an amendment', async () => {
    const to = new URL('from-phone/', folder)
    const details = { caption: 'Mokopuna’s knee, ā 6 mm', site: 'lower-leg', side: 'left' as const, view: 'near' as const, type: 'wound' as const, intimate: true, rotate: 270 as const }
    const { n, mac, sealed } = await sealDetails({ recipient: golden.recipient!, secret, sid: golden.sid! }, golden.imageId!, 2, details)
    writeFileSync(new URL('amendment.age', to), Buffer.from(sealed, 'base64'))
    writeFileSync(new URL('amendment.json', to), JSON.stringify({ n, mac, sealed: 'amendment.age', details: tidy(details) }, null, 2) + '\n')
  })
})
