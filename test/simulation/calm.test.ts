import { expect, test } from 'vitest'
import { complaintsOf } from './complaints.ts'

/** A life that showed, alone of hundreds, that a dependent was spared which had to go first. */
const rare = [326]

test('components that do as they say: memory is held, and nobody is wronged', { timeout: 120_000 }, () => {
  expect(complaintsOf('calm', 100, rare)).toEqual([])
})
