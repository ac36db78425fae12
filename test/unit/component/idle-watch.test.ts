import { expect, it } from 'vitest'
import { realClock } from '../../../src/base/policy-clock.ts'
import { watchIdle } from '../../../src/component/idle-watch.ts'
import type { Supervisor } from '../../../src/component/supervisor.ts'

/** As much of a copy as is looked at. */
function idleCopy(isRetired: boolean, unloaded: string[]): Supervisor {
  const copy = {
    definition: { idleTimeout: 50, pinned: false },
    state: { status: 'ready' },
    idleTime: 100,
    hasToStay: false,
    isRetired,
    surroundings: { now: realClock.now, standing: () => ({ level: 'low', usage: 2, limit: 3, held: 1 }) },
    unload: async (reason: string) => void unloaded.push(reason),
  }
  return copy as unknown as Supervisor
}

it.each([
  ['is unloaded for it', false, ['idle']],
  ['is left to who retired it, and says so', true, []],
] as const)('a copy that has been idle for its time %s', (_, isRetired, expected) => {
  const unloaded: string[] = []
  const copy = idleCopy(isRetired, unloaded)
  const watch = watchIdle({ clock: realClock, supervisors: () => [copy], isNeeded: () => false })
  watch.poke()
  watch.stop()
  expect(unloaded).toEqual(expected)
})
