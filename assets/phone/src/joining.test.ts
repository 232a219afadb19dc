import { describe, expect, it } from 'vitest'
import { Problem, type Answer } from './api.ts'
import { entry, untilAnswered } from './joining.ts'

const answer = (sid: string) => ({ session: { sid } }) as Answer
const replaced = new Problem('phone-replaced', 401)
const unknown = new Problem('link-unknown', 404)

/** A gateway that gives these answers in turn, and the calls that it heard. */
function gateway(answers: (Answer | Error)[]) {
  const heard: string[] = []
  const call = (name: string) => async () => {
    heard.push(name)
    const next = answers.shift()
    if (!next) throw new Error('one call too many')
    if (next instanceof Error) throw next
    return next
  }
  return { heard, door: { claim: call('claim'), status: call('status') } }
}

async function join(before: boolean, ...answers: (Answer | Error)[]) {
  const { heard, door } = gateway(answers)
  const waited: string[] = []
  const came = await untilAnswered(entry(door, before), async (code) => void waited.push(code))
  return { came: typeof came === 'string' ? came : came.session.sid, heard: heard.join(' '), waited: waited.join(' ') }
}

describe('joining', () => {
  it('claims once, and asks only for the status afterwards', async () => {
    expect(await join(false, answer('A'))).toEqual({ came: 'A', heard: 'claim', waited: '' })
    expect(await join(true, answer('A'))).toEqual({ came: 'A', heard: 'status', waited: '' })
  })
  it('waits where nobody answers, or the service is away', async () => {
    const away = new Problem('unavailable', 503)
    expect(await join(false, new TypeError('failed to fetch'), away, answer('A'))).toEqual({ came: 'A', heard: 'claim claim claim', waited: 'offline unavailable' })
  })
  it('ends with a code that nobody knows, or that another phone has', async () => {
    expect((await join(false, unknown)).came).toBe('link-unknown')
    expect((await join(false, new Problem('link-used', 409))).came).toBe('link-used')
    expect((await join(true, new Problem('session-over', 410))).came).toBe('session-over')
  })
  it('claims again where the registry has lost this phone', async () => {
    expect(await join(true, replaced, answer('A'))).toEqual({ came: 'A', heard: 'status claim', waited: '' })
  })
  it('asks once more where the registry has lost the code as well: the workstation restores it', async () => {
    expect(await join(true, replaced, unknown, answer('A'))).toEqual({ came: 'A', heard: 'status claim status', waited: 'session-missing' })
    expect(await join(true, replaced, unknown, replaced, answer('A'))).toEqual({ came: 'A', heard: 'status claim status claim', waited: 'session-missing' })
  })
  it('believes it the second time: another code is shown', async () => {
    expect(await join(true, replaced, unknown, replaced, unknown)).toEqual({ came: 'link-unknown', heard: 'status claim status claim', waited: 'session-missing' })
  })
  it('believes that another phone has the session', async () => {
    expect(await join(true, replaced, new Problem('link-used', 409))).toEqual({ came: 'link-used', heard: 'status claim', waited: '' })
  })
})
