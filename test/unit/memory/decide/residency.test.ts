import { expect, test } from 'vitest'
import {
  addRapidReload,
  churn,
  emptyChurn,
  initialResidency,
  isRapidReload,
  isThrashing,
  minResidency,
  residencyAfterLoad,
  residencyAfterUnload,
} from '../../../../src/memory/decide/residency.ts'

/** After `times` unloads, each followed by a reload `gap` ms later, 100 s apart. */
const reloaded = (times: number, gap: number) => {
  let state = initialResidency
  for (let i = 0; i < times; i++) {
    state = residencyAfterLoad(residencyAfterUnload(state, i * 100_000), i * 100_000 + gap)
  }
  return state
}

test('a component has no minimum residency until it is reloaded within a minute of an unload', () => {
  expect(minResidency(initialResidency, 0)).toBe(0)
  expect(minResidency(residencyAfterLoad(initialResidency, 5), 5)).toBe(0)
  expect(minResidency(reloaded(1, 60_001), 70_000)).toBe(0)
  expect(minResidency(reloaded(1, 60_000), 70_000)).toBe(60_000)
})

test('it doubles with each further rapid reload, up to 15 minutes', () => {
  const minutes = [1, 2, 3, 4, 5, 6, 20].map((times) => minResidency(reloaded(times, 1), times * 100_000) / 60_000)
  expect(minutes).toEqual([1, 2, 4, 8, 15, 15, 15])
})

test('every quarter of an hour without one takes a doubling back', () => {
  const state = reloaded(6, 1)
  const at = (quarters: number) => minResidency(state, 500_001 + quarters * 900_000) / 60_000
  expect([0, 0.99, 1, 2, 3, 4, 5, 100].map(at)).toEqual([15, 15, 8, 4, 2, 1, 0, 0])
  const again = residencyAfterLoad(residencyAfterUnload(state, 3_000_000), 3_000_001)
  expect(minResidency(again, 3_000_001) / 60_000).toBe(8)
})

test('only the first load after an automatic unload counts as a reload', () => {
  const unloaded = residencyAfterUnload(initialResidency, 1_000)
  expect(isRapidReload(unloaded, 2_000)).toBe(true)
  const loaded = residencyAfterLoad(unloaded, 2_000)
  expect(isRapidReload(loaded, 3_000)).toBe(false)
  expect(residencyAfterLoad(loaded, 3_000)).toEqual(loaded)
})

test('churn counts the rapid reloads of the last minute; three of them are thrashing', () => {
  let window = addRapidReload(emptyChurn, 0, 100, 'a')
  window = addRapidReload(window, 20_000, 200, 'b')
  expect(churn(window, 20_000)).toEqual({ loads: 2, bytes: 300, names: ['a', 'b'] })
  expect(isThrashing(window, 20_000)).toBe(false)
  window = addRapidReload(window, 59_999, 400, 'b')
  expect(churn(window, 59_999)).toEqual({ loads: 3, bytes: 700, names: ['b', 'a'] })
  expect(isThrashing(window, 59_999)).toBe(true)
  expect(churn(window, 60_000)).toEqual({ loads: 2, bytes: 600, names: ['b'] })
  expect(isThrashing(window, 60_000)).toBe(false)
  expect(addRapidReload(window, 200_000, 1, 'a')).toHaveLength(1)
})
