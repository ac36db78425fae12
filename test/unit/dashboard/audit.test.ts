import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Audit } from '../../../src/dashboard/audit.ts'
import { HttpError } from '../../../src/live/http-error.ts'

const token = 'Secret/token+16=of-them'

interface Line {
  readonly level: string
  readonly fields: object
  readonly message: string
}

/** An audit whose lines and clock a test has. */
function scene(): { audit: Audit; lines: Line[]; pass: (ms: number) => void } {
  let now = 0
  const lines: Line[] = []
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message })
  const logger = { info: at('info'), warn: at('warn') } as never
  return {
    audit: new Audit({ logger, token, now: () => now }),
    lines,
    pass: (ms) => {
      now += ms
    },
  }
}

function request(url: string, headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  return { method: 'GET', url, headers, socket: { remoteAddress: '192.0.2.1' } } as never
}

describe('an action', () => {
  it('is told when it begins and when it is done, with who asked', async () => {
    const { audit, lines, pass } = scene()
    const asked = { action: 'free memory', component: null, body: { bytes: '1kb', more: {} } }
    const result = await audit.during(request('/', { host: 'localhost', 'user-agent': 'curl' }), asked, async () => {
      pass(12)
      return 'result'
    })
    expect(result).toBe('result')
    const from = { remote: '192.0.2.1', host: 'localhost', agent: 'curl' }
    expect(lines).toEqual([
      {
        level: 'info',
        fields: { action: 'free memory', given: { bytes: '1kb', more: '(an object)' }, ...from },
        message: 'asked for on the dashboard',
      },
      {
        level: 'info',
        fields: { action: 'free memory', outcome: 'done', ms: 12, ...from },
        message: 'done on the dashboard',
      },
    ])
  })

  it('is told when it has failed, with the code', async () => {
    const { audit, lines } = scene()
    const asking = request('/')
    const failing = audit.during(asking, { action: 'load', component: 'a', body: {} }, async () => {
      throw new HttpError(409, 'NOT_LOADED', 'no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(audit.hasTold(asking)).toBe(true)
    expect(lines[1]).toMatchObject({
      level: 'warn',
      fields: { action: 'load', component: 'a', outcome: 'failed', code: 'NOT_LOADED' },
    })
  })
})

describe('a refusal', () => {
  it('is told without the query', () => {
    const { audit, lines } = scene()
    audit.refused(401, 'TOKEN_NEEDED', request('/api/memory?token=abc', { 'x-forwarded-for': '198.51.100.7' }))
    expect(lines).toEqual([
      {
        level: 'warn',
        fields: {
          status: 401,
          code: 'TOKEN_NEEDED',
          method: 'GET',
          path: '/api/memory',
          remote: '192.0.2.1',
          forwardedFor: '198.51.100.7',
          host: '',
          agent: '',
        },
        message: 'refused on the dashboard',
      },
    ])
  })

  it.each([
    token,
    token.toUpperCase(),
    encodeURIComponent(token),
    `%FF%23token=${encodeURIComponent(token)}`,
    '%53ecret/token+16=of-them',
  ])('never has the token in it: %s', (hidden) => {
    const { audit, lines } = scene()
    audit.refused(404, 'NOT_FOUND', request(`/${hidden}`, { host: hidden, 'user-agent': `a ${hidden}` }))
    expect(lines[0]?.fields).toMatchObject({
      path: '(hidden: the token is in it)',
      host: '(hidden: the token is in it)',
      agent: '(hidden: the token is in it)',
    })
  })

  it('is one line whatever was sent, and a short one', () => {
    const { audit, lines } = scene()
    const agent = 'a\r\nINFO: all is well\u001b[2J\u2028\u202e\ud800'
    audit.refused(404, 'NOT_FOUND', request(`/${'x'.repeat(10_000)}`, { 'user-agent': agent }))
    expect(lines[0]?.fields).toMatchObject({
      path: `/${'x'.repeat(199)}…`,
      agent: String.raw`a\u{d}\u{a}INFO: all is well\u{1b}[2J\u{2028}\u{202e}\u{d800}`,
    })
  })

  it('of what is no request is told by its connection', () => {
    const { audit, lines } = scene()
    audit.refused(400, 'HPE_INVALID_METHOD', { remoteAddress: '192.0.2.1' })
    expect(lines[0]?.fields).toEqual({ status: 400, code: 'HPE_INVALID_METHOD', remote: '192.0.2.1' })
  })

  it('has a line of its own sixty times a minute; the others are counted, and told in one line', () => {
    const { audit, lines, pass } = scene()
    for (let each = 0; each < 1_000; each++) audit.refused(401, 'TOKEN_NEEDED', request('/'))
    audit.refused(404, 'NOT_FOUND', request('/'))
    expect(lines).toHaveLength(60)
    pass(60_000)
    audit.refused(401, 'TOKEN_NEEDED', request('/'))
    expect(lines).toHaveLength(62)
    expect(lines[60]).toEqual({
      level: 'warn',
      fields: { refusals: { TOKEN_NEEDED: 940, NOT_FOUND: 1 } },
      message: 'more was refused on the dashboard than is told one by one',
    })
    for (let each = 0; each < 100; each++) audit.refused(401, 'TOKEN_NEEDED', request('/'))
    audit[Symbol.dispose]()
    expect(lines.at(-1)?.fields).toEqual({ refusals: { TOKEN_NEEDED: 41 } })
    const told = lines.length
    audit[Symbol.dispose]()
    expect(lines).toHaveLength(told)
  })
})
