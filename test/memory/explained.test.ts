import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import type { CrashEvent, LoadEvent, UnloadReport } from '../../src/index.ts'
import { EventFeed } from '../../src/live/event-feed.ts'
import { eventWords } from '../../src/dashboard/page/words.js'
import type hog from '../fixtures/hog.ts'
import { fixture, quietCoordinator, rejection, until } from '../support/coordinator.ts'
import { gib, mib, registerHog } from '../support/hogs.ts'

type Line = Readonly<Record<string, unknown>>

const lines: Line[] = []
const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) })
const coordinator = quietCoordinator({
  logger,
  autoUnloadEnabled: true,
  spareWorkers: 0,
  memory: { totalLimit: 100 * gib, minIdleTime: 0, policy: 'priority-idle' },
})
const feed = new EventFeed(coordinator, () => {})
const unloads: UnloadReport[] = []
const loads: LoadEvent[] = []
coordinator.on('unload', (report) => void unloads.push(report))
coordinator.on('load', (event) => void loads.push(event))
const important = registerHog(coordinator, 'important', 20 * gib, { priority: 5 })
const busy = registerHog(coordinator, 'busy', 20 * gib)
const usual = registerHog(coordinator, 'usual', 20 * gib)
afterAll(async () => {
  feed[Symbol.dispose]()
  await coordinator.shutdown()
})

const unloadOf = (name: string): UnloadReport | undefined => unloads.find((report) => report.name === name)
const linesOf = (msg: string): Line[] => lines.filter((line) => line['msg'] === msg)

test('what goes for want of memory says why, in the same words in the log, the report, the event and on the page', async () => {
  for (const remote of [important, busy, usual] as (typeof busy)[]) await remote.touch()
  const call = busy.wait()
  await busy.report(47 * gib)
  await coordinator.memory.sample()
  await until(() => unloadOf('usual') !== undefined)
  const { why, decision, outcome } = unloadOf('usual') ?? {}
  expect(why).toMatch(
    /^pressure is high: 8\d\.\d GiB of 100\.0 GiB are used \(8\d%\).*, \d\.\d GiB have to go; "usual" \(20\.0 GiB\) goes: nothing else may; "important" stays: protected by its priority; "busy" stays: in use$/,
  )
  expect(decision).toMatchObject({
    rule: 'pressure',
    level: 'high',
    limit: 100 * gib,
    choice: 'only',
    victims: [{ name: 'usual' }],
    kept: [
      { name: 'important', reason: 'protected' },
      { name: 'busy', reason: 'in-use' },
    ],
  })
  expect(outcome).toMatch(/^the resident set is smaller by .* are used \(6\d%\) by now, pressure is high$/)
  expect(linesOf('unloaded for want of memory')).toMatchObject([{ unloaded: ['usual'], why }])
  expect(linesOf('component unloaded')).toMatchObject([{ component: 'usual', why, outcome }])
  const event = feed.since(0).find(({ kind }) => kind === 'unload')
  expect(event).toMatchObject({ details: { why, decision, outcome, regretted: null } })
  expect(event && eventWords(event)).toContain(why)
  // Why the level is what it is goes the same ways.
  const { words, by } = coordinator.memory.pressureReason
  expect(words).toMatch(/^high since \d\d:\d\d:\d\d, held/)
  expect(by).toBe('held')
  const told = feed.since(0).flatMap((event) => (event.kind === 'pressure' ? [event.details.why] : []))
  expect(linesOf('memory pressure changed').map((line) => line['why'])).toEqual(told)
  expect(told).toHaveLength(1)
  await busy.report(0)
  // Idle while it is still taken to hold that much, it would have to go as well.
  await until(() => coordinator.info('busy').memory?.reported === 0)
  await busy.go()
  await call
})

test('a load soon after shows it to have been a mistake: it says so, it is counted, and the unload is marked', async () => {
  const before = feed.lastId
  await usual.touch()
  expect(loads.at(-1)).toMatchObject({
    name: 'usual',
    regret: {
      generation: 1,
      why: expect.stringMatching(/^it was unloaded .* ago because pressure was high: that was a mistake$/) as string,
    },
  })
  expect(linesOf('component loaded').at(-1)).toMatchObject({ regret: loads.at(-1)?.regret })
  expect(coordinator.info('usual').regrets).toBe(1)
  expect(coordinator.memory.regrets).toEqual({ unloads: 1, reloaded: 1 })
  // The unload is told again, with its mark. Advice may come between.
  const marked = feed
    .since(before)
    .flatMap(({ kind, details }) => ('regretted' in details ? [[kind, details.regretted]] : []))
  expect(marked).toEqual([['unload', loads.at(-1)?.regret?.ago]])
})

test('what goes for a load says for which; what was asked for by name says nothing', async () => {
  unloads.length = 0
  const large = registerHog(coordinator, 'large', 50 * gib, { memoryEstimate: 50 * gib })
  await large.touch()
  await until(() => unloads.length > 0)
  expect(unloads[0]?.why).toMatch(/^"large" is to be loaded, and .* have to go for that: .*; ".*" \(.*\) goes: /)
  expect(unloads[0]?.decision).toMatchObject({ rule: 'admission', load: 'large' })
  expect(await coordinator.unloadComponent('large')).toMatchObject({ reason: 'requested', decision: null, why: null })
})

test('an idle timeout and the end for a memory limit explain themselves', async () => {
  const idle = coordinator.registerComponent<typeof hog>({ name: 'idle', module: fixture('hog.ts'), idleTimeout: 50 })
  await idle.touch()
  await until(() => unloadOf('idle') !== undefined)
  expect(unloadOf('idle')?.why).toMatch(/^it has not been used for \d+ ms, its idleTimeout is 50 ms$/)

  const crashes: CrashEvent[] = []
  coordinator.on('crash', (event) => void crashes.push(event))
  const small = registerHog(coordinator, 'small', 0, { memoryLimit: '30mb' })
  await rejection(small.hold(60 * mib))
  await until(() => crashes.length > 0)
  const [{ why, decision } = {}] = crashes
  expect(why).toMatch(/^it held \d+\.\d MiB.*, memoryLimit is 30\.0 MiB$/)
  expect(decision).toMatchObject({ rule: 'memory-limit', option: { name: 'memoryLimit', allowed: 30 * mib } })
  expect(linesOf('component crashed')).toMatchObject([{ why }])
})
