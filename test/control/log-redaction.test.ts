import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, it } from 'vitest'
import { logLine } from '../../src/control/log-line.ts'
import type { Logger } from '../../src/index.ts'
import { GuardedLogger } from '../../src/observability/guarded-logger.ts'
import type { TappedLine } from '../../src/observability/log-tap.ts'

const folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const file = (): pino.DestinationStream => pino.destination({ dest: join(folder, `${files++}.log`), sync: true })
const clean = (fields: unknown): object => ({ ...(fields as object), password: 'hidden' })

/** What the command line is told of a line of a component. */
function told(logger: Logger): ReturnType<typeof logLine> {
  const guarded = new GuardedLogger(
    () => logger,
    (run) => run(),
  )
  const lines: TappedLine[] = []
  guarded.tap.listener = (line) => void lines.push(line)
  guarded.child({ component: 'sessions', generation: 1 }).info({ password: 'open sesame', count: 1 }, 'leaked 1')
  const [line] = lines
  if (!line) throw new Error('no line was tapped')
  return logLine(line, 1, 0)
}

const replaced = (): Logger => {
  const logger = pino({}, file())
  const info = logger.info.bind(logger) as (fields: object, message: unknown) => void
  return Object.assign(logger, { info: (fields: object, message: unknown) => info(clean(fields), message) })
}
const wrapped = (logger: Logger): Logger =>
  Object.assign(Object.create(logger) as Logger, {
    info: (fields: object, message: string) => logger.info(clean(fields), message),
    child: (bindings: Record<string, unknown>) => wrapped(logger.child(bindings)),
  })
const proxied = (logger: Logger): Logger =>
  new Proxy(logger, {
    get(target, key) {
      if (key === 'info') return (fields: object, message: string) => target.info(clean(fields), message)
      if (key === 'child') return (bindings: Record<string, unknown>) => proxied(target.child(bindings))
      return Reflect.get(target, key) as unknown
    },
  })
const patchedStream = (): pino.DestinationStream => {
  const stream = file()
  const write = stream.write.bind(stream)
  return Object.assign(stream, { write: (line: string) => write(line.replaceAll('open sesame', 'hidden')) })
}

const plain: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  fatal() {},
  level: 'info',
  child: () => plain,
}

it.each<[string, Logger]>([
  ['is no pino', plain],
  ['has a method of its own', replaced()],
  ['is a proxy', proxied(pino({}, file()))],
  ['inherits from a pino', wrapped(pino({}, file()))],
  ['hides it in the destination', pino({}, { write: (line) => line.replaceAll('open sesame', 'hidden') })],
  ["hides it in a destination of pino's", pino({}, patchedStream())],
  ['has a method in a child', wrapped(pino({}, file()).child({ service: 'shop' }))],
])('a logger that %s may hide what pino does not: only what Spillway has set is told', (_, logger) => {
  const line = told(logger)
  expect(line).toMatchObject({ component: 'sessions', level: 'info', message: 'leaked 1', fields: { generation: 1 } })
  expect(JSON.stringify(line)).not.toContain('sesame')
})

it.each([
  ['itself', pino({ redact: ['password'] }, file())],
  ['that writes from debug on', pino({ redact: ['password'], level: 'debug' }, file())],
  ['that warns', pino({ redact: ['password'], level: 'trace' }, file()).child({}, { level: 'info' })],
  ['to the standard output', pino({ redact: ['password'], level: 'silent' }, process.stdout)],
])("pino's very own logger, %s, is told as it redacts", (_, logger) => {
  expect(told(logger).fields).toMatchObject({ password: '[Redacted]', count: 1, generation: 1 })
})

it('what is told of is what was written', () => {
  const at = files
  told(pino({ redact: ['password'] }, file()))
  expect(readFileSync(join(folder, `${at}.log`), 'utf8')).toContain('"password":"[Redacted]"')
})
