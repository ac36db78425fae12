import { describe, expect, it } from 'vitest'
import { EarliestDeadline } from '../../../src/channel/earliest-deadline.ts'

describe('the earliest deadline', () => {
  it('is the smallest of those that were added and not taken away', () => {
    const deadlines = new EarliestDeadline()
    expect(deadlines.value).toBeUndefined()
    for (const deadline of [5, 3, 9, 3]) deadlines.add(deadline)
    expect(deadlines.value).toBe(3)
    deadlines.delete(3)
    expect(deadlines.value).toBe(3)
    deadlines.delete(3)
    deadlines.delete(4)
    expect(deadlines.value).toBe(5)
    deadlines.pass(5)
    expect(deadlines.value).toBe(5)
    deadlines.pass(6)
    expect(deadlines.value).toBe(9)
    deadlines.delete(9)
    expect(deadlines.value).toBeUndefined()
  })
})
