import { describe, expect, it } from 'vitest'
import { decide, initialDecisions } from '../../../../src/memory/decide/turn.ts'
import { hasLasted, startOver, usedUpTo } from '../../../../src/memory/decide/held-level.ts'
import type { HeldLevel } from '../../../../src/memory/decide/held-level.ts'
import type { AccountSnapshot } from '../../../../src/memory/decide/snapshot.ts'
import { defaultMemoryOptions as options } from '../../../../src/memory/options.ts'

const mib = 1024 ** 2
const account = (usage: number, growth = 0): AccountSnapshot => ({
  time: 1_000,
  limit: 1_000 * mib,
  usage,
  growth,
  workGrowth: 0,
  reserved: 0,
  possible: 0,
  leaving: 0,
  unloadTime: 50,
  sampledAt: 1_000,
  changedAt: 0,
  idleAt: 0,
  trimming: 0,
  unloading: false,
  components: [],
  extra: [],
  letIn: [],
  requests: [],
})

describe('a level that is held', () => {
  it.each<HeldLevel>(['medium', 'high', 'critical'])('is %s at once, however little is used', (level) => {
    const start = initialDecisions(1_000)
    const held = usedUpTo(level, account(10 * mib, 5), options)
    expect(held.growth).toBe(0)
    const { state } = decide({ ...start, pressure: hasLasted(start.pressure) }, held, options)
    expect(state.pressure.level).toBe(level)
    expect(state.pressure.trim).toBe(true)
  })

  it('is no less than what is used indeed', () => {
    const real = account(960 * mib, 5)
    expect(usedUpTo('medium', real, options)).toEqual(real)
  })

  it('is over at once, and all that was done for it may be done anew', () => {
    const start = initialDecisions(1_000)
    const held = decide(start, usedUpTo('critical', account(0), options), options).state
    expect(held.relief.hasGivenUpSpares).toBe(true)
    const after = decide(startOver(held, 1_000), account(10 * mib), options)
    expect(after.state.pressure.level).toBe('low')
    expect(after.actions).toEqual([{ kind: 'restore-spares' }])
    expect(startOver(held, 1_000).relief).toMatchObject({ trimmed: undefined, nothingLeft: undefined })
  })

  it('leaves a level that was reached as it is', () => {
    const { pressure } = initialDecisions(0)
    expect(hasLasted({ ...pressure, level: 'high' })).toEqual({ ...pressure, level: 'high' })
  })
})
