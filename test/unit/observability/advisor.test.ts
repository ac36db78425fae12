import { describe, expect, it } from 'vitest'
import type { ComponentInfo } from '../../../src/index.ts'
import type { Ledger } from '../../../src/contract/ledger.ts'
import type { MemoryManager } from '../../../src/memory/manager.ts'
import { defaultMemoryOptions } from '../../../src/memory/options.ts'
import { Advisor } from '../../../src/observability/advisor.ts'
import type { Logger } from '../../../src/contract/logger.ts'

const mib = 1024 ** 2

/** An advisor under a clock of the test's. */
function setUp() {
  let now = 0
  const lines: { advice: string }[] = []
  const log = (fields: { advice: string }): void => void lines.push(fields)
  // What advice looks at.
  const ledger = { limit: 1024 * mib, mainThread: { total: 0 }, cgroup: null } as unknown as Ledger
  const advisor = new Advisor({
    components: () => [] as ComponentInfo[],
    memory: () => ({ ledger: () => ledger, options: defaultMemoryOptions }) as MemoryManager,
    logger: { info: log, warn: log } as unknown as Logger,
    now: () => now,
  })
  const ids = (): string[] => advisor.advice().map(({ id }) => id)
  /** Samples once a second for so many seconds. */
  const sample = (seconds: number, unattributed: number, pending = 0): void => {
    for (let i = 0; i < seconds; i++) {
      now += 1_000
      advisor.sampled({ ...ledger, unattributed, pending, runtime: 0 })
    }
  }
  return { advisor, lines, ids, sample }
}

describe('Advisor', () => {
  it('takes memory for unattributed that stays so for a whole minute', () => {
    const { ids, sample } = setUp()
    sample(59, 500 * mib)
    expect(ids()).not.toContain('unattributed')
    sample(10, 500 * mib)
    expect(ids()).toContain('unattributed')
  })

  it('does not mind a peak, nor what is pending', () => {
    const { ids, sample } = setUp()
    sample(30, 500 * mib)
    sample(1, 100 * mib)
    sample(40, 500 * mib)
    expect(ids()).not.toContain('unattributed')
    sample(150, 500 * mib, 400 * mib)
    expect(ids()).not.toContain('unattributed')
  })

  it('logs each piece once', () => {
    const { lines, sample } = setUp()
    sample(300, 500 * mib)
    expect(lines.filter(({ advice }) => advice === 'unattributed')).toHaveLength(1)
  })

  it('counts what only its idle time kept', () => {
    const { advisor } = setUp()
    const kept = [{ name: 'a', reason: 'min-idle' as const }]
    for (let i = 0; i < 3; i++) advisor.exhausted({ level: 'high', missing: 1, kept })
    // It is about components that are registered only.
    expect(advisor.advice().map(({ id }) => id)).not.toContain('never-idle:a')
  })
})
