import { expect, test } from 'vitest'
import { complaintsOf } from './complaints.ts'

test('components that do as they say: memory is held, and nobody is wronged', { timeout: 120_000 }, () => {
  expect(complaintsOf('calm', 700)).toEqual([])
})
