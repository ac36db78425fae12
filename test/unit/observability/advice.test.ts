import { describe, expect, it } from 'vitest'
import type { ComponentInfo } from '../../../src/contract/component-info.ts'
import { buildLedger } from '../../../src/memory/account/ledger.ts'
import type { LedgerEntries } from '../../../src/memory/account/ledger.ts'
import { defaultMemoryOptions } from '../../../src/memory/options.ts'
import { advise } from '../../../src/observability/advice.ts'
import type { AdviceFacts } from '../../../src/observability/advice.ts'

const mib = 1024 ** 2

const ledger = (entries: Partial<LedgerEntries> = {}): AdviceFacts['ledger'] =>
  buildLedger({
    time: 0,
    components: {},
    extra: [],
    mainThread: { used: 0, physical: 0, external: 0, malloced: 0, total: 50 * mib },
    reservations: 0,
    limit: 1024 * mib,
    native: 0,
    runtime: 0,
    rss: 200 * mib,
    cgroup: null,
    pending: 0,
    pressureLevel: 'low',
    ...entries,
  })

const info = (facts: Partial<ComponentInfo> = {}): ComponentInfo => ({
  name: 'a',
  type: 'component',
  state: 'ready',
  generation: 1,
  isolation: 'thread',
  pid: 1,
  priority: 50,
  pinned: false,
  dependencies: [],
  dependents: [],
  inUse: 0,
  idleTime: 0,
  lastAccess: null,
  loads: 1,
  unloads: 0,
  crashes: 0,
  regrets: 0,
  calls: 0,
  errors: 0,
  lastLoadTime: 10,
  memoryEstimate: 0,
  memoryLimit: null,
  minIdleTime: null,
  learnedPeak: null,
  addons: [],
  stuckFor: 0,
  waiting: 0,
  since: 0,
  family: null,
  loadedFor: null,
  failure: null,
  memory: null,
  instances: [],
  ...facts,
})

/** Everything is as it should be. */
const calm: AdviceFacts = {
  components: [],
  stuck: new Map(),
  mainGrowth: undefined,
  now: 0,
  ledger: ledger(),
  options: defaultMemoryOptions,
  machineMemory: 8 * 1024 * mib,
  pagePool: 'kept',
  coordinators: 1,
  minResidency: () => 0,
  keptByIdleFloor: new Map(),
  ignoredLimits: new Map(),
  growths: new Map(),
  failing: new Map(),
  thrashing: undefined,
  outOfRoom: undefined,
  wallTime: (moment) => moment,
  unattributed: { least: 100 * mib, over: 60_000 },
}

const ids = (facts: Partial<AdviceFacts>): string[] => advise({ ...calm, ...facts }).map(({ id }) => id)

describe('advise', () => {
  it('has nothing to say where all is well', () => {
    expect(ids({ components: [info({ memoryEstimate: 60 * mib, learnedPeak: 100 * mib })] })).toEqual([])
  })

  it.each([
    [100, 201, true],
    [100, 200, false],
    [100, 50, false],
    [100, 49, true],
    [0, 500, false],
  ])('an estimate of %i MiB and a peak of %i MiB: %s', (estimate, peak, said) => {
    const components = [info({ memoryEstimate: estimate * mib, learnedPeak: peak * mib })]
    expect(ids({ components })).toEqual(said ? ['estimate:a'] : [])
  })

  it('lowers no estimate that native memory may fill', () => {
    const components = [info({ memoryEstimate: 300 * mib, learnedPeak: 20 * mib })]
    expect(ids({ components })).toEqual(['estimate:a'])
    // Nobody's for sure: it may be of this component.
    expect(ids({ components, ledger: ledger({ native: 200 * mib }) })).toEqual([])
  })

  it('says nothing of an estimate before the first measurement', () => {
    expect(ids({ components: [info({ memoryEstimate: 100 * mib })] })).toEqual([])
  })

  it('a component that was reloaded too soon more than once', () => {
    expect(ids({ components: [info()], minResidency: () => 60_000 })).toEqual([])
    expect(ids({ components: [info()], minResidency: () => 120_000 })).toEqual(['reloaded:a'])
    // It has to do with what it keeps, not with how important it is.
    const growth = { copy: 'a', grown: 9, isProven: true, since: 1, endedAt: 2, how: 'unloaded' } as const
    const growths: AdviceFacts['growths'] = new Map([['a', { kind: 'grew', ...growth }]])
    expect(ids({ components: [info()], minResidency: () => 120_000, growths })).toEqual(['growing:a'])
  })

  it('a component that was never idle long enough', () => {
    expect(ids({ components: [info()], keptByIdleFloor: new Map([['a', 2]]) })).toEqual([])
    expect(ids({ components: [info()], keptByIdleFloor: new Map([['a', 3]]) })).toEqual(['never-idle:a'])
  })

  it('a heap limit that did not take', () => {
    const ignoredLimits = new Map([['a', { asked: 64 * mib, actual: 4096 * mib }]])
    expect(ids({ components: [info()], ignoredLimits })).toEqual(['ignored-limit:a'])
  })

  it('an event loop that does not turn, or was found not to', () => {
    const components = [info({ stuckFor: 12_000 })]
    expect(ids({ components, stuck: new Map([['a', { kind: 'silent' }]]) })).toEqual(['stuck:a'])
    expect(ids({ components, stuck: new Map([['a', { kind: 'ended', times: 2 }]]) })).toEqual(['stuck:a'])
  })

  it('a limit that the control group or the machine cannot give', () => {
    const cgroup = { limit: 512 * mib, current: 100 * mib }
    expect(ids({ ledger: ledger({ limit: 460 * mib, cgroup }) })).toEqual(['limit-lowered'])
    expect(ids({ machineMemory: 900 * mib })).toEqual(['limit-beyond-machine'])
  })

  it('a main thread that fills the limit by itself', () => {
    const mainThread = { used: 0, physical: 0, external: 0, malloced: 0, total: 800 * mib }
    expect(ids({ ledger: ledger({ mainThread }) })).toEqual(['main-thread-large'])
  })

  it('unattributed memory, once it has stayed for a minute', () => {
    expect(ids({ unattributed: { least: 400 * mib, over: 59_999 } })).toEqual([])
    expect(ids({ unattributed: { least: 400 * mib, over: 60_000 } })).toEqual(['unattributed'])
    expect(ids({ unattributed: { least: 256 * mib, over: 60_000 } })).toEqual([])
  })

  it('two coordinators', () => {
    expect(ids({ coordinators: 2 })).toEqual(['several-coordinators'])
  })

  it('the flag that returns memory at once, at the cost of pauses', () => {
    expect(ids({ pagePool: 'returned' })).toEqual(['reclaim-flag'])
  })

  it('tells who pushes whom out, and who holds what is missing', () => {
    const messages = (facts: Partial<AdviceFacts>): string[] =>
      advise({ ...calm, ...facts }).map(({ message }) => message)
    expect(messages({ thrashing: { loads: 4, bytes: 90 * mib, names: ['a', 'b'] } })).toEqual([
      'Components push each other out: "a" and "b" had to be loaded again within 60 s of an unload, 4 times in the last minute (90.0 MiB); raise totalLimit, or let fewer of them be used at a time',
    ])
    const grows = { kind: 'grows', copy: 'c', pace: 1, since: 0, room: 1, grown: 1 } as const
    const held = { time: 0, bytes: 1 }
    const growths: AdviceFacts['growths'] = new Map([['c', { ...grows, retained: held, before: held }]])
    expect(messages({ thrashing: { loads: 4, bytes: 90 * mib, names: ['a', 'b'] }, growths })).toEqual([
      'Components push each other out: "a" and "b" had to be loaded again within 60 s of an unload, 4 times in the last minute (90.0 MiB); most likely because "c" grows and keeps it: look there first',
    ])
    const holders = [
      { name: 'a', bytes: 300 * mib, reason: 'in-use' },
      { name: 'b', bytes: 100 * mib, reason: 'pinned' },
    ] as const
    expect(
      messages({
        outOfRoom: {
          missing: 20 * mib,
          holders,
          extra: [{ name: 'c (generation 1)', kind: 'zombie', total: 70 * mib }],
          native: 0,
          mainThread: 50 * mib,
        },
      }),
    ).toEqual([
      'Memory is short by 20.0 MiB, and nothing more may be unloaded: what stays is "a" 300.0 MiB (in use), "b" 100.0 MiB (pinned), "c (generation 1)" 70.0 MiB (its worker did not die), the main thread 50.0 MiB; raise totalLimit, or ask less of them at a time',
    ])
  })

  it("tells of the main thread that grows, as the program's own code", () => {
    const mainGrowth = { grown: 60 * mib, over: 60_000, pace: mib / 1_000, since: 10_000, room: 120 * mib }
    expect(advise({ ...calm, mainGrowth })).toMatchObject([
      {
        id: 'growing',
        urgent: true,
        since: 10_000,
        message: expect.stringMatching(
          /^The main thread itself grows: by 60\.0 MiB in the last .*; at this pace it fills the limit in .*no component/,
        ),
      },
    ])
  })

  it('tells of growth that is over with its worker, and of which copy it was', () => {
    const growths: AdviceFacts['growths'] = new Map([
      [
        'a',
        {
          kind: 'grew',
          copy: 'a#2',
          grown: 380 * mib,
          isProven: false,
          since: 10_000,
          endedAt: 100_000,
          how: 'memory-limit',
        },
      ],
    ])
    expect(advise({ ...calm, components: [info()], growths })).toMatchObject([
      {
        id: 'growing:a',
        urgent: true,
        since: 10_000,
        message: expect.stringMatching(
          /^"a" \(a#2\) grew by 380\.0 MiB in 90 s, until its worker was ended for passing its memory limit at \d\d:\d\d:\d\d, before its garbage could be collected, so nobody knows whether it kept it: before that, take two heap snapshots/,
        ) as string,
      },
    ])
  })
})
