import { expect, test } from 'vitest'
import { complaintsOf } from './complaints.ts'

/** A life that showed, alone of hundreds, that the total limit was held to too late. */
const rare = [374]

test(
  'components that leak, allocate without end and make garbage: memory is held, and nobody is wronged',
  { timeout: 120_000 },
  () => {
    expect(complaintsOf('wild', 250, rare)).toEqual([])
  },
)
