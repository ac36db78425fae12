import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import type { Logger, LogMethod } from '../../src/contract/logger.ts'
import { fixture, quietCoordinator, rejection, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

interface Line {
  readonly msg: string
  readonly event?: string
  readonly err?: { readonly message: string }
}

const fail = (): never => {
  throw new RangeError('broken')
}

/** What would have ended the process. */
function fatalities(): unknown[] {
  const seen: unknown[] = []
  const note = (error: unknown): void => void seen.push(error)
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.prependListener(event, note)
    onTestFinished(() => void process.off(event, note))
  }
  return seen
}

function warnings(): string[] {
  const seen: string[] = []
  const note = ({ message }: Error): void => void seen.push(message)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  return seen
}

function logged(): { readonly coordinator: ComponentCoordinator; readonly lines: Line[] } {
  const lines: Line[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) })
  const coordinator = quietCoordinator({ logger })
  onTestFinished(async () => void (await coordinator.shutdown()))
  return { coordinator, lines }
}

/** A whole life: a load, calls, lines, a crash, an unload, a shutdown. */
async function live(coordinator: ComponentCoordinator): Promise<void> {
  const remote = coordinator.registerComponent<KitchenSink>(sink('a'))
  await remote.log(3)
  expect(await remote.add(1, 2)).toBe(3)
  await rejection(remote.exit(3))
  expect(await remote.add(1, 3)).toBe(4)
  expect(coordinator.info('a')).toMatchObject({ state: 'ready', crashes: 1, generation: 2, inUse: 0 })
  await coordinator.memory.sample()
  await coordinator.unloadComponent('a')
  expect(coordinator.info('a')).toMatchObject({ state: 'unloaded', unloads: 1 })
  await coordinator.shutdown()
}

describe('a logger that fails', () => {
  const method = (): never => fail()
  // Typed as pino's are, which is what a program can do by mistake.
  const rejecting = ((): unknown => Promise.reject(new RangeError('broken'))) as LogMethod
  const broken: Logger = {
    level: 'info',
    child: fail,
    trace: method,
    debug: method,
    info: method,
    warn: method,
    error: method,
    fatal: method,
  }
  const loggers: Record<string, Logger> = {
    'at a field of a component': pino({ serializers: { line: fail } }, { write: () => {} }),
    'at every line': pino({ mixin: fail }, { write: () => {} }),
    'at everything': broken,
    'later, in a promise': {
      ...broken,
      child: () => ({ ...broken, info: rejecting }),
    },
  }
  test.for(Object.keys(loggers))('changes nothing but the log, and is told by a warning: %s', async (where) => {
    const fatal = fatalities()
    const warned = warnings()
    await live(new ComponentCoordinator({ logger: loggers[where]!, autoUnloadEnabled: false }))
    const told = (): string | undefined => warned.find((message) => message.startsWith('The logger failed'))
    await expect.poll(told).toMatch(/^The logger failed \(RangeError: broken\) at a line( of component "a")?, \w+: /)
    expect(fatal).toEqual([])
  })
})

describe('a listener that throws, or rejects', () => {
  const listeners: Record<string, () => unknown> = { throws: fail, rejects: async () => fail() }
  test.for(Object.keys(listeners))('is logged; the others are told, and life goes on: %s', async (how) => {
    const fatal = fatalities()
    const { coordinator, lines } = logged()
    const told: string[] = []
    for (const event of ['load', 'unload', 'crash', 'sample'] as const) {
      coordinator.on(event, listeners[how] as () => void)
      coordinator.on(event, () => void told.push(event))
      coordinator.once(event, listeners[how] as () => void)
    }
    await live(coordinator)
    expect(new Set(told)).toEqual(new Set(['load', 'sample', 'crash', 'unload']))
    expect(told.filter((event) => event !== 'sample')).toEqual(['load', 'crash', 'load', 'unload'])
    const failures = (event: string): number =>
      lines.filter((line) => line.msg === 'a listener threw' && line.event === event).length
    await until(() => failures('unload') === 2)
    expect([failures('load'), failures('crash')]).toEqual([3, 2])
    expect(coordinator.listenerCount('crash')).toBe(2)
    expect(fatal).toEqual([])
  })

  test.for(Object.keys(listeners))('of calls is logged once, and the calls are what they are: %s', async (how) => {
    const fatal = fatalities()
    const { coordinator, lines } = logged()
    const told: boolean[] = []
    coordinator.watchCalls(listeners[how] as () => void)
    coordinator.watchCalls(({ failed }) => void told.push(failed))
    const remote = coordinator.registerComponent<KitchenSink>(sink('a'))
    expect(await Promise.all([remote.add(1, 1), remote.add(2, 2)])).toEqual([2, 4])
    await rejection(remote.exit(3))
    await until(() => lines.some(({ msg }) => msg === 'a listener of calls threw'))
    expect(told).toEqual([false, false, true])
    expect(lines.filter(({ msg }) => msg === 'a listener of calls threw')).toHaveLength(1)
    expect(fatal).toEqual([])
  })
})

test('a configuration that cannot be made for a key of a family leaves nothing behind', async () => {
  const { coordinator } = logged()
  let works = false
  const family = coordinator.registerFamily<KitchenSink>({
    name: 'family',
    module: fixture('kitchen-sink.ts'),
    config: () => (works ? { greeting: 'now' } : fail()),
  })
  expect(() => family.get('a')).toThrow(RangeError)
  expect([family.list(), coordinator.list()]).toEqual([[], []])
  works = true
  expect(await family.get('a').greet('it works')).toBe('now it works')
})
