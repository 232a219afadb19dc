import { describe, expect, it } from 'vitest'
import { backoffMs, firstPollMs, nextPollMs } from './backoff.ts'
import { fromBase64url, toBase64url, toHex, utf8, uuidv7 } from './bytes.ts'
import { later } from './later.ts'
import { isRecipient, parseFragment, parsePath } from './link.ts'
import { withZone } from './prepare.ts'
import { sniff, stripMetadata } from './picture.ts'
import { putResult } from './put.ts'
import { fill, plural, text } from './text.ts'
import { crc32, zipStored } from './zip.ts'

const recipient = 'age1388a9rjc2khp07e975m0xm667unym580ql84ju3u9dptedw6jpzseuv9u4'
const secret = 'GbhwNG5ugIVETyTXgjqgWg'
const hint = (t: string) => toBase64url(utf8(t))

describe('link', () => {
  it('reads the path', () => {
    expect(parsePath('/p/kowhai/5M3X8T2V7Q9R1C4D6F0GHJKNPW')).toEqual({ practice: 'kowhai', token: '5M3X8T2V7Q9R1C4D6F0GHJKNPW' })
  })
  it.each(['/p/ko/5M3X8T2V7Q9R1C4D6F0GHJKNPW', '/p/kowhai/8M3X8T2V7Q9R1C4D6F0GHJKNPW', '/p/kowhai/5M3X8T2V7Q9R1C4D6F0GHJKNP', '/p/kowhai/5M3X8T2V7Q9R1C4D6F0GHJKNPI', '/p/Kowhai/5M3X8T2V7Q9R1C4D6F0GHJKNPW', '/'])('refuses %s', (path) => {
    expect(parsePath(path)).toBeNull()
  })
  it('reads the fragment, with macrons and empty parts', () => {
    expect(parseFragment(`#${recipient}.${secret}.${hint('Ā. T.|47|016')}`)?.hint).toEqual({ name: 'Ā. T.', age: '47', nhiTail: '016' })
    expect(parseFragment(`${recipient}.${secret}.${hint('||')}`)?.hint).toEqual({ name: '', age: '', nhiTail: '' })
  })
  it.each([
    '', '#', `${recipient}.${secret}`, `${recipient}.${secret}.${hint('a|b')}`, `${recipient}.${secret}.${hint('a|b|c|d')}`,
    `${recipient}.${secret.slice(1)}.${hint('||')}`, `${recipient}.${secret}.%20`, `${recipient}.${secret}.${hint('x'.repeat(161))}`,
    `${recipient}.${secret}.${toBase64url(new Uint8Array([0xff, 0x7c, 0x7c]))}`,
  ])('refuses the fragment %s', (f) => {
    expect(parseFragment(f)).toBeNull()
  })
  it('notices one changed character of the recipient', () => {
    expect(isRecipient(recipient)).toBe(true)
    for (let i = 4; i < recipient.length; i++) {
      const c = recipient[i] === 'q' ? 'p' : 'q'
      expect(isRecipient(recipient.slice(0, i) + c + recipient.slice(i + 1))).toBe(false)
    }
  })
})

describe('bytes', () => {
  it('round-trips base64url and refuses loose forms', () => {
    for (let n = 0; n < 70; n++) {
      const b = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) & 255)
      expect(toBase64url(b)).toBe(Buffer.from(b).toString('base64url'))
      expect(fromBase64url(toBase64url(b))).toEqual(b)
    }
    for (const bad of ['A', 'AB', 'AA==', 'A+', 'é']) expect(fromBase64url(bad)).toBeNull()
  })
  it('makes UUIDv7 in the order of time', () => {
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    expect(uuidv7(Date.now())).toMatch(form)
    expect(uuidv7(1645557742000, new Uint8Array(10).fill(255))).toBe('017f22e2-79b0-7fff-bfff-ffffffffffff')
    expect(uuidv7(1000) < uuidv7(2000)).toBe(true)
  })
})

describe('zip', () => {
  it('knows the CRC of the standard check', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926)
  })
  it('has one directory entry for each file', () => {
    const z = zipStored([{ name: 'a', bytes: utf8('one') }, { name: 'b', bytes: new Uint8Array() }])
    expect(toHex(z.subarray(0, 4))).toBe('504b0304')
    const view = new DataView(z.buffer)
    expect(view.getUint16(z.length - 12, true)).toBe(2)
    expect(view.getUint32(view.getUint32(z.length - 6, true), true)).toBe(0x02014b50)
  })
})

describe('backoff', () => {
  it('doubles, is capped, and is spread', () => {
    expect(backoffMs(1, 500, 30_000, 1)).toBe(500)
    expect(backoffMs(3, 500, 30_000, 1)).toBe(2000)
    expect(backoffMs(3, 500, 30_000, 0)).toBe(1000)
    expect(backoffMs(99, 500, 30_000, 1)).toBe(30_000)
  })
  it('polls from 2 to 60 seconds', () => {
    let gap = firstPollMs
    for (let i = 0; i < 20; i++) gap = nextPollMs(gap)
    expect([firstPollMs, gap]).toEqual([2000, 60_000])
  })
})

describe('upload answers', () => {
  it.each([[200, 'stored'], [409, 'stored'], [412, 'stored'], [403, 'new-link'], [400, 'new-link'], [500, 'again'], [503, 'again'], [0, 'again']] as const)('%i is %s', (status, want) => {
    expect(putResult(status)).toBe(want)
  })
})

describe('picture', () => {
  const segment = (marker: number, body: number[]) => [0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body]
  const exif = [...utf8('Exif\0\0'), 0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
  const frame = segment(0xc0, [8, 0x0b, 0xb8, 0x0f, 0xa0, 1, 1, 0x11, 0])
  const scan = [...segment(0xda, [1, 1, 0, 0, 63, 0]), 1, 0xff, 0, 2, 0xff, 0xd9]
  const icc = segment(0xe2, [...utf8('ICC_PROFILE\0'), 1, 1, 9])
  const jpeg = Uint8Array.from([0xff, 0xd8, ...segment(0xe1, exif), ...icc, ...segment(0xfe, [...utf8('GPS')]), ...frame, ...scan, ...utf8('hidden tail')])

  it('reads size and orientation without decoding', () => {
    expect(sniff(jpeg)).toEqual({ kind: 'jpeg', width: 4000, height: 3000, orientation: 6 })
  })
  it('drops EXIF, comments and the tail, and keeps the colour profile', () => {
    expect(Array.from(stripMetadata(jpeg))).toEqual([0xff, 0xd8, ...icc, ...frame, ...scan])
  })
  it('tells HEIC and text from a photo', () => {
    expect(sniff(utf8('\0\0\0\x18ftypheic\0\0\0\0')).kind).toBe('heic')
    expect(sniff(utf8('Dear colleague')).kind).toBe('other')
    expect(sniff(new Uint8Array()).kind).toBe('other')
    expect(sniff(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff])).kind).toBe('other')
  })
})

describe('text', () => {
  it('fills and counts', () => {
    expect(fill(later.state.sending, { percent: 40 })).toBe('Sending 40\u00a0%')
    expect(plural(text.minutes, 1)).toBe('1 minute left')
    expect(plural(text.minutes, 58)).toBe('58 minutes left')
  })
  it('writes the zone', () => {
    expect(withZone(Date.UTC(2026, 10, 22, 21, 15, 0, 123), 780)).toBe('2026-11-23T10:15:00.123+13:00')
    expect(withZone(0, -210)).toBe('1969-12-31T20:30:00.000-03:30')
  })
})
