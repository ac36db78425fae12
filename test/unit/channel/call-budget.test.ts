import { describe, expect, test } from 'vitest'
import { AllottedCalls, SharedCallBudget } from '../../../src/channel/call-budget.ts'

describe('calls that several callers share', () => {
  test('are never more than there may be, and are told of when few are left, and none', () => {
    const told: number[] = []
    const mine: SharedCallBudget = SharedCallBudget.of(5, 2, () => told.push(mine.left))
    const theirs: SharedCallBudget = new SharedCallBudget(mine.shared, () => told.push(theirs.left + 100))
    expect([mine.take(), theirs.take(), theirs.take()]).toEqual([true, true, true])
    expect(told).toEqual([102])
    expect([mine.take(), mine.take(), mine.take(), theirs.take()]).toEqual([true, true, false, false])
    expect(told).toEqual([102, 0])
    expect([mine.isSpent, theirs.isOver, mine.left]).toEqual([true, true, 0])
  })

  test('can be given back', () => {
    const budget = SharedCallBudget.of(1, 0, () => {})
    expect(budget.take()).toBe(true)
    budget.giveBack()
    expect([budget.isSpent, budget.left]).toEqual([false, 1])
    expect([budget.take(), budget.take()]).toEqual([true, false])
  })

  test('are allotted by shares, the last ones too', () => {
    let told = 0
    const budget = SharedCallBudget.of(100, 10, () => told++)
    let [sum, shares] = [0, 0]
    for (let share = budget.allot(); share > 0; share = budget.allot()) {
      sum += share
      shares++
    }
    expect(sum).toBe(100)
    expect(shares).toBeGreaterThan(8)
    expect([budget.isSpent, told]).toEqual([true, 2])
  })
})

test('a share that is used up may be followed by another one, or is the last', () => {
  let asked = 0
  const allotted = new AllottedCalls(2, () => asked++)
  expect([allotted.take(), allotted.take(), allotted.take()]).toEqual([true, true, false])
  expect([asked, allotted.isSpent, allotted.isOver]).toEqual([1, true, false])
  allotted.add(1)
  expect([allotted.isSpent, allotted.take(), asked]).toEqual([false, true, 2])
  allotted.add(0)
  expect([allotted.isSpent, allotted.isOver]).toEqual([true, true])
  expect(new AllottedCalls(0, () => {}).isOver).toBe(true)
})
