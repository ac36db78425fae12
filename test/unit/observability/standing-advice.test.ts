import { expect, it } from 'vitest'
import type { AdviceEvent } from '../../../src/contract/advice.ts'
import { StandingAdvice } from '../../../src/observability/standing-advice.ts'
import type { Finding } from '../../../src/observability/standing-advice.ts'

const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id,
  severity: 'warning',
  message: id,
  urgent: true,
  ...more,
})

it('tells of each piece once when it begins and once when it is over, as it stood last', () => {
  const told: AdviceEvent[] = []
  const standing = new StandingAdvice((event) => void told.push(event))
  standing.found([finding('a:x', { component: 'x' })], 1)
  expect(standing.found([finding('a:x', { component: 'x', message: 'worse' }), finding('b')], 2)).toEqual([
    { ...finding('a:x', { component: 'x', message: 'worse' }), since: 1 },
    { ...finding('b'), since: 2 },
  ])
  standing.found([], 3)
  expect(told).toEqual([
    { ...finding('a:x', { component: 'x' }), name: 'x', since: 1, over: false },
    { ...finding('b'), since: 2, over: false },
    { ...finding('a:x', { component: 'x', message: 'worse' }), name: 'x', since: 1, over: true },
    { ...finding('b'), since: 2, over: true },
  ])
})

it('says since when it is so, where that is known', () => {
  const standing = new StandingAdvice(() => {})
  expect(standing.found([finding('a', { since: 5 })], 10)).toMatchObject([{ since: 5 }])
})

it('whoever is told may ask: nothing is told twice', () => {
  const told: string[] = []
  const standing = new StandingAdvice(({ id }) => {
    told.push(id)
    standing.found([finding('a'), finding('b')], 1)
  })
  standing.found([finding('a'), finding('b')], 1)
  expect(told).toEqual(['a', 'b'])
})
