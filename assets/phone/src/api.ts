// The session API (docs/contracts.md, "Session API").

import type { Way } from './store.ts'

export type ImageState =
  | 'reserved' | 'stored' | 'landed' | 'filed' | 'retracted' | 'discarded' | 'unconfirmed' | 'quarantined'

export interface StatusImage {
  id: string
  state: ImageState
  retractWanted?: boolean
  refused?: boolean
  /** The highest amendment the registry holds; 0 or absent: none. */
  details?: number
  sinks?: string[] | null
}

/** What the practice asks of the phone. */
export interface Asks {
  consent: boolean
  require: ('site' | 'side' | 'view' | 'type')[]
  /** Bytes of a JPEG to aim below. */
  target: number
}

export interface Status {
  sid: string
  practice: string
  practiceName: string
  state: 'waiting' | 'paired' | 'draining' | 'closed' | 'expired'
  now: number
  expires: number
  drainUntil: number
  maxImages: number
  maxBytes: number
  /** The phone left: wrong patient. */
  left?: boolean
  /** Until when the phone is kept; 0 or absent: it is not. */
  kept?: number
  /** Absent: nothing. */
  asks?: Asks
  images: StatusImage[] | null
}

export interface UploadRequest {
  id: string
  bytes: number
  sha256: string
}

export interface Upload {
  id: string
  state: ImageState
  url?: string
  headers?: Record<string, string>
  expires?: number
}

export interface Answer {
  session: Status
  uploads?: Upload[] | null
}

/** `code` is the gateway's, or one of ours: offline (no answer), captive (an answer that is not the gateway's). */
export class Problem extends Error {
  constructor(readonly code: string, readonly status: number, readonly retryAfterMs = 0) {
    super(code)
  }

  /** Whether asking again may help. */
  get retryable(): boolean {
    return ['offline', 'captive', 'session-missing', 'rate-limited', 'unavailable'].includes(this.code) || this.status >= 500
  }
}

const deadlineMs = 15_000

export interface Credentials {
  practice: string
  sid: string
  phoneKey: string
}

/** `about` are the headers that say what the call is about. */
async function call<T = Answer>(method: string, path: string, key: string, about: Record<string, string>, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Authorization: `Bearer ${key}`, Accept: 'application/json', ...about }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), deadlineMs)
  try {
    const answer = await fetch(`/api/medtech/session/${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: stop.signal,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    })
    const type = answer.headers.get('Content-Type') ?? ''
    if (!/^application\/(problem\+)?json/.test(type)) {
      throw new Problem(answer.status >= 500 ? 'unavailable' : 'captive', answer.status)
    }
    const json = await answer.json()
    if (answer.ok) return json as T
    const after = Number(answer.headers.get('Retry-After') ?? 0)
    throw new Problem(String(json.code ?? 'bad-request'), answer.status, (after || 0) * 1000)
  } catch (err) {
    throw err instanceof Problem ? err : new Problem('offline', 0)
  } finally {
    clearTimeout(timer)
  }
}

/** What a phone that can be kept gives the workstation at the claim. */
export interface KeepOffer {
  recipient: string
  /** SHA-256 of the kept key, in hexadecimal. */
  key: string
  mac: string
}

export function claim(practice: string, token: string, phoneKey: string, keep?: KeepOffer): Promise<Answer> {
  return call('POST', 'claim', phoneKey, {}, { practice, token, ...(keep && { keep }) })
}

/** A link for a kept phone, as it is published. */
export interface NextLink {
  sid: string
  /** Rises with each link of one workstation. */
  n: number
  /** Standard base64 of an age file. */
  sealed: string
  mac: string
}

export interface NextAnswer {
  now: number
  until: number
  next: NextLink | null
}

/** `key` is the kept key; throws Problem `phone-forgotten` when the phone is not kept any more. */
export function next(practice: string, key: string): Promise<NextAnswer> {
  return call('GET', 'next', key, { 'ClinicPro-Practice': practice })
}

export interface Amendment {
  n: number
  /** Standard base64 of an age file. */
  sealed: string
  mac: string
}

export interface SessionAPI {
  status(): Promise<Answer>
  uploads(wanted: UploadRequest[]): Promise<Answer>
  stored(ids: string[], next: UploadRequest[]): Promise<Answer>
  done(): Promise<Answer>
  amend(id: string, a: Amendment): Promise<Answer>
  retract(id: string): Promise<Answer>
  leave(way: Way): Promise<Answer>
}

export function sessionAPI(c: Credentials): SessionAPI {
  const session = { 'ClinicPro-Session': `${c.practice}/${c.sid}` }
  return {
    status: () => call('GET', 'status', c.phoneKey, session),
    uploads: (uploads) => call('POST', 'uploads', c.phoneKey, session, { uploads }),
    stored: (stored, next) => call('POST', 'images', c.phoneKey, session, next.length ? { stored, uploads: next } : { stored }),
    done: () => call('POST', 'done', c.phoneKey, session, {}),
    amend: (id, { n, sealed, mac }) => call('PUT', `images/${id}/details`, c.phoneKey, session, { n, sealed, mac }),
    retract: (id) => call('DELETE', `images/${id}`, c.phoneKey, session),
    leave: (way) => call('POST', 'leave', c.phoneKey, session, { keep: way !== 'discard', ...(way === 'declined' && { declined: true }) }),
  }
}
