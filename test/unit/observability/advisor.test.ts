import { describe, expect, it } from 'vitest'
import { policyClock } from '../../../src/base/policy-clock.ts'
import type { AdviceEvent, ComponentInfo } from '../../../src/index.ts'
import type { Ledger } from '../../../src/contract/ledger.ts'
import type { MemoryManager } from '../../../src/memory/manager.ts'
import { defaultMemoryOptions } from '../../../src/memory/options.ts'
import { Advisor } from '../../../src/observability/advisor.ts'
import { manualClock } from '../../../src/testing/manual-clock.ts'

const mib = 1024 ** 2

/** An advisor under a clock of the test's. */
function setUp() {
  const clock = manualClock()
  const told: AdviceEvent[] = []
  // What advice looks at.
  const ledger = { limit: 1024 * mib, mainThread: { total: 0 }, cgroup: null } as unknown as Ledger
  const advisor = new Advisor({
    components: () => [] as ComponentInfo[],
    memory: () =>
      ({
        ledger: () => ledger,
        options: defaultMemoryOptions,
        pressureLevel: 'low',
        leaks: { findings: () => new Map() },
      }) as unknown as MemoryManager,
    lastErrorOf: () => undefined,
    tell: (event) => void told.push(event),
    clock: policyClock(clock, () => {}),
  })
  const ids = (): string[] => advisor.advice().map(({ id }) => id)
  /** Samples once a second for so many seconds. */
  const sample = async (seconds: number, unattributed: number, pending = 0): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000)
      advisor.sampled({ ...ledger, unattributed, pending, runtime: 0 })
    }
  }
  const tellings = (): string[] => told.map(({ id, over }) => `${id} ${over ? 'is over' : 'begins'}`)
  return { advisor, clock, tellings, told, ids, sample }
}

describe('Advisor', () => {
  it('takes memory for unattributed that stays so for a whole minute', async () => {
    const { ids, sample } = setUp()
    await sample(59, 500 * mib)
    expect(ids()).not.toContain('unattributed')
    await sample(10, 500 * mib)
    expect(ids()).toContain('unattributed')
  })

  it('does not mind a peak, nor what is pending', async () => {
    const { ids, sample } = setUp()
    await sample(30, 500 * mib)
    await sample(1, 100 * mib)
    await sample(40, 500 * mib)
    expect(ids()).not.toContain('unattributed')
    await sample(150, 500 * mib, 400 * mib)
    expect(ids()).not.toContain('unattributed')
  })

  it('tells of each piece when it begins and when it is over, though nobody asks', async () => {
    const { tellings, told, sample } = setUp()
    await sample(300, 500 * mib)
    expect(tellings()).toEqual(['unattributed begins'])
    expect(told[0]).toMatchObject({ urgent: false, severity: 'warning', since: expect.any(Number) as number })
    await sample(130, 0)
    expect(tellings()).toEqual(['unattributed begins', 'unattributed is over'])
    expect(told[1]).toEqual({ ...told[0], over: true })
  })

  it('looks no more once it is stopped', async () => {
    const { advisor, clock, tellings, sample } = setUp()
    await sample(61, 500 * mib)
    expect(tellings()).toEqual([])
    advisor.stop()
    await clock.advance(60_000)
    expect(tellings()).toEqual([])
    advisor.advice()
    expect(tellings()).toEqual(['unattributed begins'])
  })

  it('counts what only its idle time kept', () => {
    const { advisor } = setUp()
    const kept = [{ name: 'a', reason: 'min-idle' as const }]
    for (let i = 0; i < 3; i++) advisor.heldUp(kept)
    // It is about components that are registered only.
    expect(advisor.advice().map(({ id }) => id)).not.toContain('never-idle:a')
  })
})
