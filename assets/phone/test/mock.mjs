// A gateway and an S3 in memory, for the page's own tests and pictures. It
// sends the strict headers of the real one and can be told to misbehave.

import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Encrypter } from 'age-encryption'

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist')
const types = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' }
const titles = { 'link-unknown': 404, 'link-used': 409, 'session-missing': 404, 'session-draining': 409, 'session-over': 410, 'phone-replaced': 401, 'phone-forgotten': 401, 'too-many-images': 422, 'not-uploaded': 409, 'image-unknown': 404, 'image-filed': 409, unavailable: 503 }

export const recipient = 'age1388a9rjc2khp07e975m0xm667unym580ql84ju3u9dptedw6jpzseuv9u4'
export const secret = Buffer.from('0123456789abcdef').toString('base64url')
export const hint = (text) => Buffer.from(text).toString('base64url')

/** `world` is the state a test may read and change at any time. */
export async function startMock(host = '127.0.0.1') {
  const world = {
    state: 'paired', practiceName: 'Kōwhai Medical Centre', maxImages: 20, maxBytes: 15 << 20, expiresIn: 58 * 60_000,
    images: new Map(), amendments: [], left: null, retract: true, objects: new Map(), phoneKey: null, fail: null, putFail: null, land: true, file: false, calls: [], puts: 0, csp: [],
    sid: '3NG6FJ8NSMX245JXAV90W07J2V', practice: 'kowhai',
    /** What the phone may be kept by, until when it is, what the practice asks, the link for it, and the session that link is for. */
    offer: null, kept: 0, asks: null, next: null, later: null,
  }
  const status = (sid) => ({
    sid, practice: world.practice, practiceName: world.practiceName, state: world.state, now: Date.now(),
    expires: Date.now() + world.expiresIn, drainUntil: world.state === 'draining' ? Date.now() + 3_600_000 : 0,
    maxImages: world.maxImages, maxBytes: world.maxBytes, ...(world.left && { left: true }), ...(world.asks && { asks: { consent: false, require: [], target: 1_000_000, ...world.asks } }), kept: sid === world.sid ? world.kept : 0,
    images: [...world.images.values()].filter((i) => i.sid === sid).map(({ id, state, sinks, details, retractWanted, refused }) => ({ id, state, retractWanted: Boolean(retractWanted), refused: Boolean(refused), details: details ?? 0, sinks: sinks ?? [] })),
  })
  const land = () => {
    for (const i of world.images.values()) {
      if (i.retractWanted && i.state === 'filed') i.refused = true
      else if (i.retractWanted && world.retract) i.state = 'retracted'
      if (i.state === 'stored' && world.land && Date.now() - i.at > 300) i.state = 'landed'
      if (i.state === 'landed' && world.file && !i.retractWanted) Object.assign(i, { state: 'filed', sinks: ['folder'] })
    }
  }
  const server = http.createServer((req, res) => void handle(req, res).catch((err) => res.destroy(err)))

  async function handle(req, res) {
    const url = new URL(req.url, 'http://mock')
    res.setHeader('Content-Security-Policy', "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")
    res.setHeader('Referrer-Policy', 'no-referrer')
    res.setHeader('Permissions-Policy', 'camera=(self), microphone=(), geolocation=()')
    const body = await read(req)
    if (url.pathname.startsWith('/s3/')) return object(req, res, url, body)
    if (url.pathname.startsWith('/api/medtech/session/')) return api(req, res, url, body)
    const file = url.pathname.startsWith('/p/') ? '/index.html' : url.pathname
    try {
      const bytes = await readFile(join(dist, file))
      res.writeHead(200, { 'Content-Type': types[extname(file)] }).end(bytes)
    } catch {
      res.writeHead(404).end()
    }
  }

  function object(req, res, url, body) {
    world.puts++
    const fail = typeof world.putFail === 'function' ? world.putFail(world.puts) : world.putFail
    if (fail === 'reset') return res.destroy()
    if (fail === 'hang') return undefined
    if (fail) return res.writeHead(fail).end()
    const id = url.pathname.split('/').pop()
    if (req.headers['content-type'] || req.headers['if-none-match'] !== '*') return res.writeHead(403).end()
    const sum = createHash('sha256').update(body).digest('base64')
    if (sum !== req.headers['x-amz-checksum-sha256']) return res.writeHead(400).end()
    if (world.objects.has(id)) return res.writeHead(412).end()
    world.objects.set(id, body)
    return res.writeHead(200).end()
  }

  function api(req, res, url, body) {
    const call = url.pathname.split('/').slice(4).join('/')
    world.calls.push(`${req.method} ${call}`)
    const problem = (code) => {
      res.writeHead(titles[code] ?? 400, { 'Content-Type': 'application/problem+json' })
      res.end(JSON.stringify({ type: 'about:blank', title: code, status: titles[code], detail: code, code }))
    }
    const fail = typeof world.fail === 'function' ? world.fail(call, world) : world.fail
    if (fail === 'reset') return res.destroy()
    if (fail === 'captive') return res.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Sign in</h1>')
    if (fail === 'hang') return undefined
    if (fail) return problem(fail)
    const json = body.length ? JSON.parse(body) : {}
    const key = req.headers.authorization?.replace('Bearer ', '')
    if (call === 'next') {
      const known = world.kept > Date.now() && world.offer.key === createHash('sha256').update(key).digest('hex')
      if (!known || req.headers['clinicpro-practice'] !== world.practice) return problem('phone-forgotten')
      return res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ now: Date.now(), until: world.kept, next: world.next }))
    }
    const isNext = world.later && (json.token === world.later.token || req.headers['clinicpro-session']?.endsWith(world.later.sid))
    const sid = isNext ? world.later.sid : world.sid
    if (call === 'claim' && isNext) world.later.phoneKey ??= key
    else if (isNext) {
      if (world.later.phoneKey !== key) return problem('phone-replaced')
    } else if (call === 'claim') {
      world.offer = json.keep ?? world.offer
      if (world.phoneKey && world.phoneKey !== key) return problem('link-used')
      world.phoneKey = key
      world.state = 'paired'
    } else if (world.phoneKey !== key) return problem('phone-replaced')
    for (const id of json.stored ?? []) {
      if (!world.objects.has(id)) return problem('not-uploaded')
      const i = world.images.get(id)
      if (i?.state === 'reserved') Object.assign(i, { state: 'stored', at: Date.now() })
    }
    const named = /^images\/([0-9a-f-]{36})(\/details)?$/.exec(call)
    if (named) {
      const i = world.images.get(named[1])
      if (!i) return problem('image-unknown')
      if (named[2] && i.state === 'filed') return problem('image-filed')
      if (named[2] && json.n > (i.details ?? 0)) {
        world.amendments.push({ id: i.id, ...json })
        i.details = json.n
      }
      if (!named[2]) i.retractWanted = true
    }
    if (call === 'leave') {
      world.left = json
      world.state = 'draining'
      for (const i of world.images.values()) if (!json.keep && i.state !== 'filed') i.retractWanted = true
    }
    land()
    const uploads = []
    for (const u of json.uploads ?? []) {
      if (!world.images.has(u.id)) {
        if (world.state !== 'paired') return problem('session-draining')
        if (world.images.size >= world.maxImages) return problem('too-many-images')
        world.images.set(u.id, { ...u, sid, state: 'reserved' })
      }
      const i = world.images.get(u.id)
      const link = { url: `http://${req.headers.host}/s3/${u.id}?sig=${randomBytes(4).toString('hex')}`, expires: Date.now() + 300_000, headers: { 'Content-Length': String(u.bytes), 'If-None-Match': '*', 'x-amz-checksum-sha256': Buffer.from(u.sha256, 'hex').toString('base64'), 'x-amz-server-side-encryption': 'AES256' } }
      uploads.push({ id: u.id, state: i.state, ...(i.state === 'reserved' ? link : {}) })
    }
    res.writeHead(200, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify({ session: status(sid), uploads }))
  }

  await new Promise((done) => server.listen(0, host, done))
  const base = `http://${host}:${server.address().port}`
  const link = (fragment = `${recipient}.${secret}.${hint('A. T.|47|016')}`) => `${base}/p/${world.practice}/5M3X8T2V7Q9R1C4D6F0GHJKNPW${fragment ? '#' + fragment : ''}`
  /** As the workstation publishes a link to the phone that it keeps. */
  const publish = async (n, { sid, token, patient }) => {
    const e = new Encrypter()
    e.addRecipient(world.offer.recipient)
    const sealed = await e.encrypt(JSON.stringify({ v: 1, n, link: `${base}/p/${world.practice}/${token}#${recipient}.${secret}.${hint(patient)}` }))
    const key = hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', 'ClinicPro Images kept phone v1', 32)
    const sum = createHash('sha256').update(sealed).digest('hex')
    world.later = { sid, token, phoneKey: undefined }
    world.next = { sid, n, sealed: Buffer.from(sealed).toString('base64'), mac: createHmac('sha256', Buffer.from(key)).update(`next|${sid}|${n}|${sum}`).digest('hex') }
  }
  return { world, base, link, publish, stop: () => new Promise((done) => { server.closeAllConnections(); server.close(done) }) }
}

async function read(req) {
  const parts = []
  for await (const part of req) parts.push(part)
  return Buffer.concat(parts)
}
