// A gateway that swaps, forges or replays gets nothing accepted by the phone.

import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { bech32 } from '@scure/base'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { recipientOf } from './age.ts'
import { Problem, type NextAnswer, type NextLink } from './api.ts'
import { fromBase64, fromBase64url, toBase64url, utf8 } from './bytes.ts'
import { Keeping } from './keeping.ts'
import { keepOffer, makeKept, openLink } from './keptlink.ts'
import { openStore, type KeptRecord, type Store } from './store.ts'

const secret = new Uint8Array(16).fill(7)
const token = '5M3X8T2V7Q9R1C4D6F0GHJKNPW'
const sid = '3NG6FJ8NSMX245JXAV90W07J2V'
const practice = 'kowhai'
const origin = 'https://images.example.nz'
const patient = 'age1388a9rjc2khp07e975m0xm667unym580ql84ju3u9dptedw6jpzseuv9u4'
const link = (at = origin, t = token, p = practice) => `${at}/p/${p}/${t}#${patient}.${toBase64url(secret)}.${toBase64url(utf8('B. U.|8|024'))}`
const hour = 3_600_000

const sha = (b: Uint8Array | string) => createHash('sha256').update(b).digest('hex')
const linksKey = (s: Uint8Array = secret) => new Uint8Array(hkdfSync('sha256', s, new Uint8Array(), 'ClinicPro Images kept phone v1', 32))

/** As the workstation publishes a link; what a gateway without the secret cannot. */
async function published(recipient: string, n: number, plain: unknown, key = linksKey(), at = sid): Promise<NextLink> {
  const e = new Encrypter()
  e.addRecipient(recipient)
  const sealed = await e.encrypt(JSON.stringify(plain))
  return { sid: at, n, sealed: Buffer.from(sealed).toString('base64'), mac: createHmac('sha256', key).update(`next|${at}|${n}|${sha(sealed)}`).digest('hex') }
}

const kept = makeKept(secret)
const recipient = recipientOf(fromBase64url(kept.identity)!)
const good = (n: number, url = link()) => published(recipient, n, { v: 1, n, link: url })

afterEach(() => vi.unstubAllGlobals())

describe('the offer at the claim', () => {
  it('binds recipient and kept key to the code that was scanned', () => {
    const o = keepOffer(kept, secret, token)
    expect(o.recipient).toBe(recipient)
    expect(o.key).toBe(sha(kept.key))
    expect(kept.key).toMatch(/^[\w-]{43}$/)
    expect(o.mac).toBe(createHmac('sha256', secret).update(`keep|${token}|${recipient}|${o.key}`).digest('hex'))
    const swapped = createHmac('sha256', secret).update(`keep|${token}|${patient}|${o.key}`).digest('hex')
    expect(o.mac).not.toBe(swapped)
  })
  it('is made anew for each pairing', () => {
    expect(makeKept(secret).key).not.toBe(kept.key)
    expect(makeKept(secret).identity).not.toBe(kept.identity)
  })
})

describe('a link', () => {
  it('of the workstation is opened, with and without crypto.subtle', async () => {
    const next = await good(1)
    expect(await openLink(kept, next)).toBe(link())
    const secure = globalThis.crypto
    vi.stubGlobal('crypto', { getRandomValues: secure.getRandomValues.bind(secure) })
    expect(await openLink(kept, next)).toBe(link())
  })
  it('that a gateway has made, changed or moved is not', async () => {
    const other = await identityToRecipient(await generateX25519Identity())
    const next = await good(4)
    const bent = fromBase64(next.sealed)!
    bent[bent.length - 1]! ^= 1
    const cases: Record<string, NextLink> = {
      'another secret': await published(recipient, 4, { v: 1, n: 4, link: link() }, linksKey(new Uint8Array(16))),
      'sealed anew under the old mac': { ...(await good(4)), mac: next.mac },
      'another number': { ...next, n: 5 },
      'another session': { ...next, sid: sid.replace('3', '4') },
      'no mac': { ...next, mac: '' },
      'a bit changed': { ...next, sealed: Buffer.from(bent).toString('base64') },
      'to another phone': await published(other, 4, { v: 1, n: 4, link: link() }),
      'another number inside': await published(recipient, 4, { v: 1, n: 3, link: link() }),
      'a newer version': await published(recipient, 4, { v: 2, n: 4, link: link() }),
      'no link inside': await published(recipient, 4, { v: 1, n: 4 }),
      'too large': await published(recipient, 4, { v: 1, n: 4, link: link() + 'x'.repeat(5000) }),
      'no base64': { ...next, sealed: next.sealed + '!' },
    }
    for (const [name, n] of Object.entries(cases)) expect(await openLink(kept, n), name).toBeNull()
    expect(await openLink(kept, next)).not.toBeNull()
  })
})

describe('what Go wrote', () => {
  const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
  const golden = read('../../../sync/envelope/testdata/golden.json')
  const g = read('../../../sync/envelope/testdata/keep.json')
  const scanned = fromBase64url(golden.secret)!
  const identity = bech32.decodeToBytes(g.identity.toLowerCase()).bytes
  const theirs = { identity: toBase64url(identity), key: g.keptKey, links: toBase64url(linksKey(scanned)) }

  it('agrees with the offer and the key of the links', () => {
    expect(keepOffer(theirs, scanned, g.token)).toEqual({ recipient: g.recipient, key: g.key, mac: g.offerMac })
    expect(makeKept(scanned).links).toBe(toBase64url(new Uint8Array(Buffer.from(g.nextKey, 'hex'))))
  })
  it('opens as the link that was sealed', async () => {
    expect(sha(fromBase64(g.sealed)!)).toBe(g.sealedSha256)
    expect(await openLink(theirs, { sid: g.sid, n: g.n, sealed: g.sealed, mac: g.nextMac })).toBe(g.link)
  })
})

/** A phone that is kept, and the gateway that it asks. */
async function phone(change: Partial<KeptRecord> = {}, store?: Store) {
  const s = store ?? (await openStore(new IDBFactory()))
  const record: KeptRecord = { ...kept, practice, sid, until: 8 * hour, taken: 0, shown: 0, ...change }
  if (!store) await s.putKept(record)
  const gateway = { now: 0, until: record.until, next: null as NextLink | null, fail: '', asked: 0 }
  const keeping = new Keeping((await s.kept())!, {
    store: s,
    origin,
    ask: async (): Promise<NextAnswer> => {
      gateway.asked++
      if (gateway.fail) throw new Problem(gateway.fail, gateway.fail === 'phone-forgotten' ? 401 : 0)
      return gateway
    },
    now: () => gateway.now,
    visible: () => true,
    changed: () => {},
  })
  const shown = async (next: NextLink | null) => {
    gateway.next = next
    await keeping.look()
    return keeping.next?.n ?? 0
  }
  return { keeping, gateway, shown, store: s }
}

describe('a kept phone', () => {
  it('shows the next patient, and takes the link once', async () => {
    const p = await phone()
    expect(await p.shown(await good(1))).toBe(1)
    expect(p.keeping.next?.keys.hint).toEqual({ name: 'B. U.', age: '8', nhiTail: '024' })
    expect(p.keeping.next?.place).toEqual({ practice, token })
    expect((await p.keeping.take())?.n).toBe(1)
    expect(await p.shown(p.gateway.next)).toBe(0)
    expect(p.keeping.distrusted).toBe(false)
  })
  it('forgets a link that is withdrawn before the tap', async () => {
    const p = await phone()
    await p.shown(await good(1))
    expect(await p.shown(null)).toBe(0)
    expect(await p.keeping.take()).toBeNull()
  })
  it('takes no number again or lower, over a reload too', async () => {
    const p = await phone()
    const [one, two, three] = [await good(1), await good(2), await good(3)]
    await p.shown(two)
    await p.keeping.take()
    expect(await p.shown(one)).toBe(0)
    expect(await p.shown(three)).toBe(3)
    const again = await phone({}, p.store)
    expect(await again.shown(one)).toBe(0)
    expect(await again.shown(two)).toBe(0)
    expect(await again.shown(three)).toBe(3) // shown, not yet taken
  })
  it('shows none older than one that was shown, taken or not', async () => {
    const p = await phone()
    const [one, two] = [await good(1), await good(2)]
    await p.shown(two)
    expect(await p.shown(one)).toBe(0)
    expect(await (await phone({}, p.store)).shown(one)).toBe(0)
  })
  it('opens no link to another place', async () => {
    const p = await phone()
    for (const url of [link('https://evil.example'), link(`${origin}.evil.example`), link(origin, token, 'another'), link(origin, 'x'), link().slice(0, -9) + '%', 'x', ''])
      expect(await p.shown(await good(1, url)), url).toBe(0)
  })
  it('says so when what comes is not the workstation’s, again and again', async () => {
    const p = await phone()
    const forged = { ...(await good(1)), mac: '0'.repeat(64) }
    const said: boolean[] = []
    for (let i = 0; i < 3; i++) {
      expect(await p.shown(forged)).toBe(0)
      said.push(p.keeping.distrusted)
    }
    expect(said).toEqual([false, false, true])
    expect((await p.store.kept())?.shown).toBe(0)
    await p.shown(await good(1))
    expect(p.keeping.distrusted).toBe(false)
  })
  it('ends when it is forgotten, and nothing stays', async () => {
    const p = await phone()
    await p.shown(await good(1))
    p.gateway.fail = 'phone-forgotten'
    expect(await p.shown(null)).toBe(0)
    expect([p.keeping.over, p.keeping.until, await p.store.kept()]).toEqual([true, 0, null])
  })
  it('ends at its time by the registry’s clock, and no answer makes it last longer', async () => {
    const p = await phone({ until: hour })
    p.gateway.until = 99 * hour
    await p.shown(null)
    expect(p.keeping.until).toBe(hour)
    p.gateway.now = hour
    await p.keeping.look()
    expect([p.keeping.over, await p.store.kept()]).toEqual([true, null])
  })
  it('goes on asking when there is no answer', async () => {
    const p = await phone()
    p.gateway.fail = 'offline'
    await p.shown(null)
    expect(p.keeping.over).toBe(false)
    p.gateway.fail = ''
    expect(await p.shown(await good(1))).toBe(1)
  })
  it('is not taken by a link that cannot be remembered', async () => {
    const p = await phone()
    vi.spyOn(p.store, 'putKept').mockRejectedValue(new Error('full'))
    expect(await p.shown(await good(1))).toBe(0)
  })
})
