import { expect, test } from 'vitest'
import { candidatesIn, isFresh } from '../../../../src/memory/decide/snapshot.ts'
import { accountOf, componentOf } from '../../../support/account-snapshots.ts'

test('figures are fresh unless something has changed since they were asked for', () => {
  expect(isFresh(accountOf({ sampledAt: 5_000, changedAt: 4_999 }))).toBe(true)
  expect(isFresh(accountOf({ sampledAt: 5_000, changedAt: 5_000 }))).toBe(true)
  expect(isFresh(accountOf({ sampledAt: 5_000, changedAt: 5_001 }))).toBe(false)
})

test('policies are told of every component, in the order of the account', () => {
  const components = [componentOf('b'), componentOf('a', { phase: 'loading' })]
  expect(candidatesIn(accountOf({ components }))).toEqual(components.map(({ candidate }) => candidate))
})
