import { expect, test } from 'vitest'
import { complaintsOf } from './complaints.ts'

test(
  'components that need less or more than they say: memory is held, and nobody is wronged',
  { timeout: 120_000 },
  () => {
    expect(complaintsOf('lies', 100, [])).toEqual([])
  },
)
