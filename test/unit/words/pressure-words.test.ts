import { expect, test } from 'vitest'
import { pressureCause } from '../../../src/memory/decide/pressure-cause.ts'
import { initialPressure, stepPressure } from '../../../src/memory/decide/pressure.ts'
import type { PressureInput, PressureState } from '../../../src/memory/decide/pressure.ts'
import { defaultMemoryOptions } from '../../../src/memory/options.ts'
import { timeOfDay } from '../../../src/words/figures.ts'
import { pressureReason } from '../../../src/words/pressure-words.ts'

/** Epoch ms at which the clock of the inputs was at 0. */
const epoch = Date.UTC(2026, 0, 5, 12)
const at = (ms: number): string => timeOfDay(epoch + ms)

/** Of a limit of 1,000. */
function after(...inputs: readonly Omit<PressureInput, 'limit'>[]): PressureState {
  return inputs.reduce(
    (state, input) => stepPressure(state, { limit: 1_000, ...input }, defaultMemoryOptions),
    initialPressure(),
  )
}
const reasonOf = (state: PressureState, now: number, isHeld = false) =>
  pressureReason(pressureCause(state, defaultMemoryOptions, isHeld), now, (moment) => epoch + moment)

test('usage at its threshold', () => {
  expect(reasonOf(after({ time: 1_000, usage: 870 }), 2_000)).toEqual({
    level: 'high',
    since: epoch + 1_000,
    by: 'usage',
    judged: 870,
    until: null,
    words: `high since ${at(1_000)}: 87% of the limit is used, high begins at 85%`,
  })
  expect(reasonOf(after({ time: 1_000, usage: 470 }), 2_000)).toMatchObject({
    by: 'usage',
    words: `low since ${at(0)}: 47% of the limit is used, medium begins at 75%`,
  })
})

test('usage that is predicted to reach it, which is not rounded to be there', () => {
  const growing = after({ time: 1_000, usage: 849, growth: 0.1, unloadTime: 100 })
  expect(reasonOf(growing, 2_000)).toMatchObject({
    level: 'high',
    by: 'forecast',
    judged: 859,
    until: null,
    words: `high since ${at(1_000)}: predicted to pass 85%, 84% of the limit is used`,
  })
})

test('usage that has fallen: the level is held until it has been clear for long enough', () => {
  const high = { time: 1_000, usage: 870 }
  expect(reasonOf(after(high, { time: 2_000, usage: 820 }), 3_000)).toMatchObject({
    level: 'high',
    since: epoch + 1_000,
    by: 'held',
    until: null,
    words: `high since ${at(1_000)}, held: 82% of the limit is used, and it is left once that has been below 80% for 30 s`,
  })
  const clear = after(high, { time: 4_000, usage: 470 })
  const reason = reasonOf(clear, 5_000)
  expect(reason).toMatchObject({
    by: 'held',
    judged: 470,
    until: epoch + 34_000,
    words: `high since ${at(1_000)}, held until ${at(34_000)}: below 80% since ${at(4_000)}, 47% of the limit is used`,
  })
  // It was no promise that is not kept.
  const left = stepPressure(clear, { time: 34_000, usage: 470, limit: 1_000 }, defaultMemoryOptions)
  expect(left.level).not.toBe('high')
})

test('usage that has not been at medium for long enough', () => {
  const pending = after({ time: 1_000, usage: 760 })
  expect(reasonOf(pending, 4_000)).toMatchObject({
    level: 'low',
    by: 'usage',
    until: epoch + 6_000,
    words: `low since ${at(0)}: 76% of the limit is used, for 3 s: medium after 5 s`,
  })
  expect(stepPressure(pending, { time: 6_000, usage: 760, limit: 1_000 }, defaultMemoryOptions).level).toBe('medium')
})

test('a test that holds it', () => {
  expect(reasonOf(after({ time: 1_000, usage: 870 }), 2_000, true)).toMatchObject({
    by: 'held',
    until: null,
    words: `high since ${at(1_000)}: a test holds it there (simulatePressure)`,
  })
})
