import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogLine } from '../../src/control/log-line.ts'
import { isInvalidOptionsError } from '../../src/index.ts'
import type { ComponentCoordinator, CoordinatorOptions } from '../../src/index.ts'
import { fixture, quietCoordinator } from '../support/coordinator.ts'
import { runChild } from '../support/child.ts'
import type leakingSessions from '../fixtures/leaking-sessions.ts'
import type makesCoordinators from '../fixtures/makes-coordinators.ts'

const root = mkdtempSync(join(tmpdir(), 'spillway-test-'))
const folder = join(root, 'spillway')
vi.stubEnv('XDG_RUNTIME_DIR', root)
afterAll(() => rmSync(root, { recursive: true }))

const sockets = (): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
const own = (number = 1): string => join(folder, `${process.pid}-${number}.sock`)

function logged(options: CoordinatorOptions = {}): { coordinator: ComponentCoordinator; lines: string[] } {
  const lines: string[] = []
  const logger = pino({ level: 'debug', redact: ['password'] }, { write: (line: string) => void lines.push(line) })
  return { coordinator: quietCoordinator({ logger, control: true, ...options }), lines }
}

async function opened(path = own()): Promise<void> {
  await expect.poll(() => sockets().map((each) => join(folder, each))).toContain(path)
}

interface Answer {
  readonly status: number | undefined
  readonly text: string
}
async function ask(path: string, { method = 'GET', body = '', socketPath = own() } = {}): Promise<Answer> {
  const asking = request({ socketPath, path, method, agent: false })
  asking.end(body)
  const [response] = (await once(asking, 'response')) as [NodeJS.ReadableStream & { statusCode?: number }]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, text }
}
const linesOf = (text: string): LogLine[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine)

describe('a coordinator that is open to the command line', () => {
  it('listens on a socket that only its user may open, one for each, until it is shut down', async () => {
    const before = process.umask(0)
    const all = [quietCoordinator({ control: true }), quietCoordinator({ control: true })]
    await Promise.all([opened(own(1)), opened(own(2))])
    process.umask(before)
    const modes = [folder, own(1), own(2)].map((path) => (lstatSync(path).mode & 0o777).toString(8))
    expect(modes).toEqual(['700', '600', '600'])
    await all[0]?.shutdown()
    expect(sockets()).toHaveLength(1)
    await all[1]?.shutdown()
    expect(sockets()).toEqual([])
  })

  it('is so where the environment says so, and an explicit false is stronger', async () => {
    vi.stubEnv('SPILLWAY_CONTROL', '1')
    await using closed = quietCoordinator({ control: false })
    await using open = quietCoordinator()
    await opened()
    expect(sockets()).toHaveLength(1)
    vi.stubEnv('SPILLWAY_CONTROL', '')
    await Promise.all([open.shutdown(), closed.shutdown()])
    await using neither = quietCoordinator()
    await neither.shutdown()
    expect(sockets()).toEqual([])
    expect(() => quietCoordinator({ control: 'yes' as unknown as boolean })).toThrow(
      expect.toSatisfy(isInvalidOptionsError) as Error,
    )
  })

  it('is never one in a worker, whether that is asked for by option or by environment', async () => {
    vi.stubEnv('SPILLWAY_CONTROL', '1')
    await using coordinator = quietCoordinator({ control: false })
    for (const isolation of ['thread', 'process'] as const) {
      const component = coordinator.registerComponent<typeof makesCoordinators>({
        name: isolation,
        module: fixture('makes-coordinators.ts'),
        isolation,
      })
      expect((await component.lines()).filter((line) => line.includes('attaches to programs'))).toHaveLength(2)
    }
    expect(sockets()).toEqual([])
    vi.stubEnv('SPILLWAY_CONTROL', '')
  })

  it('is shut down at once, also before it listens', async () => {
    const coordinator = quietCoordinator({ control: true })
    await coordinator.shutdown()
    expect(sockets()).toEqual([])
  })

  it('takes the place of one that a killed process has left behind', async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(own(), '')
    await using coordinator = quietCoordinator({ control: true })
    await expect.poll(() => lstatSync(own()).isSocket()).toBe(true)
    expect(coordinator.isShutdown).toBe(false)
  })

  it('goes on where that cannot be had, and says so once', async () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o755)
    const { coordinator, lines } = logged()
    await expect.poll(() => lines.filter((line) => line.includes('the command line cannot attach'))).toHaveLength(1)
    expect(lines.join('')).toContain('has mode 755, and should have 700: remove it, and it is made anew')
    expect(lines.join('')).toContain('"level":40')
    await coordinator.shutdown()
    chmodSync(folder, 0o700)
    const deep = join(root, 'x'.repeat(100))
    mkdirSync(deep, { mode: 0o700 })
    vi.stubEnv('XDG_RUNTIME_DIR', deep)
    const second = logged()
    await expect.poll(() => second.lines.join('')).toMatch(/has \d+ bytes, and that of a Unix socket at most 10[37]/)
    vi.stubEnv('XDG_RUNTIME_DIR', root)
    await second.coordinator.shutdown()
  })

  it('goes on under the permission model', async () => {
    const { stdout, code } = await runChild(
      `const lines = []
       const logger = pino({}, { write: (line) => lines.push(line) })
       const coordinator = new ComponentCoordinator({ control: true, logger })
       while (lines.length === 0) await sleep(2)
       console.log(lines.length, lines[0])
       await coordinator.shutdown()`,
      { execArgv: ['--permission', '--allow-fs-read=*', '--allow-worker'] },
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^1 .*the command line cannot attach/)
  })
})

describe('what is asked for on the socket', () => {
  let coordinator: ComponentCoordinator
  let lines: string[]
  beforeEach(async () => {
    ;({ coordinator, lines } = logged())
    coordinator.registerComponent<typeof leakingSessions>({ name: 'sessions', module: fixture('leaking-sessions.ts') })
    await opened()
  })
  afterEach(async () => void (await coordinator.shutdown()))

  it('is answered, or refused with a reason', async () => {
    const statuses = async (...asked: [string, object?][]): Promise<(number | undefined)[]> =>
      (await Promise.all(asked.map(async ([path, how]) => ask(path, how)))).map(({ status }) => status)
    const post = { method: 'POST' }
    expect(
      await statuses(
        ['/program'],
        ['/explained'],
        ['/api/components/sessions'],
        ['/api/components/nobody'],
        ['/nothing'],
        ['/%ff'],
        ['/api/components/%ff'],
        ['/program', post],
        ['/components/sessions/unload'],
        ['/components/sessions/unload', { ...post, body: '{"deadline":-1}' }],
        ['/components/sessions/unload', { ...post, body: '[]' }],
        ['/components/sessions/unload', { ...post, body: '{' }],
        ['/components/sessions/unload', { ...post, body: 'x'.repeat(100_000) }],
        ['/components/sessions/heap-snapshot', post],
        ['/logs?level=loud'],
      ),
    ).toEqual([200, 200, 200, 404, 404, 404, 400, 404, 404, 400, 400, 400, 413, 409, 400])
    const explained = JSON.parse((await ask('/explained')).text) as { snapshot: { process: { pid: number } } }
    expect(explained.snapshot.process.pid).toBe(process.pid)
  })

  it('is told in the log, with who asked', async () => {
    await ask('/components/sessions/load', { method: 'POST' })
    expect(coordinator.info('sessions').state).toBe('ready')
    await ask('/components/sessions/unload', { method: 'POST', body: '{"deadline":1}' })
    expect(coordinator.info('sessions').state).toBe('unloaded')
    const told = lines.filter((line) => line.includes('asked for on the command line'))
    expect(told.map((line) => (JSON.parse(line) as { action: string }).action)).toEqual(['load', 'unload'])
  })

  it('is bounded: what is no HTTP is hung up on, and too many connections are not taken', async () => {
    const garbage = connect(own())
    garbage.write(createHash('sha512').update('garbage').digest())
    await once(garbage.resume(), 'close')
    const many = Array.from({ length: 200 }, () => connect(own()).on('error', () => {}))
    let open = many.length
    for (const socket of many) socket.once('close', () => open--)
    await expect.poll(() => open).toBeLessThanOrEqual(160)
    for (const socket of many) socket.destroy()
    await expect.poll(async () => (await ask('/program').catch(() => undefined))?.status).toBe(200)
  })

  it('leaves room for short commands, however many look on', async () => {
    const join = (path: string): Promise<{ socket: Socket; said: string }> => {
      const socket = connect(own())
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
      return once(socket.setEncoding('utf8'), 'data').then(([said]) => ({ socket, said: String(said) }))
    }
    const paths = Array.from({ length: 16 }, (_, at) => (at % 2 === 0 ? '/api/events' : '/logs/follow'))
    const staying = await Promise.all(paths.map(join))
    expect(staying.every(({ said }) => said.startsWith('HTTP/1.1 200'))).toBe(true)
    const [refused, short, ...viewers] = await Promise.all([
      ask('/api/events'),
      ask('/program'),
      ask('/viewers/nobody', { method: 'POST' }),
    ])
    expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('16 are attached already') as string })
    expect(short.status).toBe(200)
    expect(viewers.map(({ text }) => text)).toEqual(['{"known":false}'])
    staying[0]?.socket.destroy()
    await expect
      .poll(async () => {
        const { socket, said } = await join('/logs/follow')
        socket.destroy()
        return said
      })
      .toContain('HTTP/1.1 200')
    for (const { socket } of staying) socket.destroy()
  })

  it("is the log as the program's pino redacts it, and of other loggers what Spillway says", async () => {
    const sessions = coordinator.component<typeof leakingSessions>('sessions')
    await sessions.leak(1)
    const told = async (path: string, socketPath = own()): Promise<LogLine[]> =>
      linesOf((await ask(path, { socketPath })).text)
    const messages = ['component loaded', 'leaked 1 \u001b[31msessions']
    await expect
      .poll(async () => (await told('/logs?component=sessions')).map(({ message }) => message))
      .toEqual(messages)
    // Its destination is the program's own, and may hide things.
    expect(JSON.stringify(await told('/logs'))).not.toContain('sesame')
    expect(linesOf((await ask('/logs?level=warn')).text || '{}')).toEqual([{}])

    const destination = pino.destination({ dest: join(root, 'own.log'), sync: true })
    await using other = quietCoordinator({ logger: pino({ redact: ['password'] }, destination), control: true })
    const module = fixture('leaking-sessions.ts')
    await opened(own(2))
    await other.registerComponent<typeof leakingSessions>({ name: 'sessions', module }).leak(1)
    await expect
      .poll(async () => (await told('/logs', own(2))).at(-1))
      .toMatchObject({
        level: 'info',
        component: 'sessions',
        message: messages[1],
        fields: { password: '[Redacted]', count: 1 },
      })
  })

  it('is sent on and on, and who is too slow for the log is told how many lines are missing', async () => {
    const [events, log] = ['/api/events', '/logs/follow'].map((path) => {
      const socket = connect(own())
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
      return { socket, text: textOf(socket) }
    })
    await expect.poll(() => events?.text()).toContain('event: snapshot')
    await expect.poll(() => log?.text()).toContain('HTTP/1.1 200')
    const sessions = coordinator.component<typeof leakingSessions>('sessions')
    for (let n = 0; n < 400; n++) coordinator.parts.logger.info({ text: 'x'.repeat(10_000) }, `flood ${n}`)
    await sessions.echo(1)
    await expect.poll(() => log?.text()).toMatch(/"flood 1"[^]*\{"missed":\d+\}[^]*"component loaded"/)
    await expect.poll(() => events?.text()).toContain('event: tick')
    for (const each of [events, log]) each?.socket.destroy()
  })
})

function textOf(socket: Socket): () => string {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return () => text
}

it('the end of a program is held up by nobody who looks on, reading or not', async () => {
  const { code, stdout } = await runChild(
    `import { connect } from 'node:net'
     import { spawn } from 'node:child_process'
     const coordinator = new ComponentCoordinator({ control: true, logger: silent })
     const path = ${JSON.stringify(folder)} + '/' + process.pid + '-1.sock'
     await coordinator.registerComponent(sink('one')).echo(1)
     const looker = spawn(process.execPath, ['-e', \`
       const { connect } = require('node:net')
       const paths = ['/logs/follow', '/api/events']
       let open = paths.length
       for (const path of paths) {
         const socket = connect(process.argv[1], () => socket.write('GET ' + path + ' HTTP/1.1\\\\r\\\\nhost: x\\\\r\\\\n\\\\r\\\\n'))
         socket.once('data', () => { socket.pause(); if (--open === 0) process.stdout.write('looks') })
         socket.on('error', () => {})
       }
       setInterval(() => {}, 1000)
     \`, path], { stdio: ['ignore', 'pipe', 'ignore'] })
     await new Promise((resolve) => looker.stdout.once('data', resolve))
     for (let n = 0; n < 300; n++) coordinator.parts.logger.info({ text: 'x'.repeat(10_000) }, 'flood')
     looker.unref()
     looker.stdout.destroy()
     process.on('exit', () => { console.log('ended by itself'); looker.kill('SIGKILL') })`,
  )
  expect([code, stdout]).toEqual([0, 'ended by itself\n'])
  expect(sockets()).toEqual([])
})
