import { expect, test } from 'vitest'
import { holdersOf } from '../../../../src/memory/decide/holders.ts'
import { priorityIdle } from '../../../../src/memory/decide/policy-priority-idle.ts'
import { accountOf, busyOf, componentOf } from '../../../support/account-snapshots.ts'

const held = (name: string, bytes: number, why: string) => ({ name, bytes, why })

test('those who hold memory are named, the largest first, each with why it is not to be had', () => {
  const components = [
    componentOf('small', { bytes: 20 }),
    busyOf('works', { bytes: 300 }),
    componentOf('pinned', { bytes: 100, candidate: { pinned: true } }),
    componentOf('base', { bytes: 50, candidate: { dependents: ['works'] } }),
  ]
  expect(holdersOf(accountOf({ components }), priorityIdle, 900)).toEqual([
    held('works', 300, 'in use'),
    held('pinned', 100, 'pinned'),
    held('base', 50, 'others need it'),
    // It may go, but that is not enough.
    held('small', 20, 'idle'),
  ])
})

test('what is no component, and what is promised to loads, is named as well, so it adds up to usage', () => {
  const components = [busyOf('works', { bytes: 300 }), componentOf('leaves', { bytes: 70, phase: 'leaving' })]
  const holders = holdersOf(accountOf({ components, usage: 700, reserved: 120 }), priorityIdle, 900)
  expect(holders).toEqual([
    held('works', 300, 'in use'),
    held('main thread and others', 210, 'not a component'),
    held('loads under way', 120, 'reserved'),
    held('leaves', 70, 'its worker is ending'),
  ])
})

test('a worker that did not die is named as what it is', () => {
  const extra = [
    { name: 'cart (generation 2)', kind: 'zombie' as const, total: 400 },
    { name: 'spare worker 1', kind: 'spare' as const, total: 0 },
  ]
  expect(holdersOf(accountOf({ extra, usage: 450 }), priorityIdle, 900)).toEqual([
    held('cart (generation 2)', 400, 'its worker did not die'),
    held('main thread and others', 50, 'not a component'),
  ])
})

test('nobody is named who holds nothing', () => {
  expect(holdersOf(accountOf({ usage: 0 }), priorityIdle, 900)).toEqual([])
})
