import { expect, test } from 'vitest'
import { complaintsOf } from './complaints.ts'

test(
  'components that leak, allocate without end and make garbage: memory is held, and nobody is wronged',
  { timeout: 120_000 },
  () => {
    expect(complaintsOf('wild', 700)).toEqual([])
  },
)
