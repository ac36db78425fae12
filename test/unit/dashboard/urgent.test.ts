import { expect, it } from 'vitest'
import { attentionLines, troubles } from '../../../src/dashboard/page/urgent.js'
import type { Advice } from '../../../src/dashboard/page/urgent.js'

const known = (families: Readonly<Record<string, string | null>>) =>
  new Map(Object.entries(families).map(([name, family]) => [name, { family }]))

const about = (kind: string, component: string | undefined, since: number, more: Partial<Advice> = {}): Advice => ({
  id: component === undefined ? kind : `${kind}:${component}`,
  ...(component !== undefined && { component }),
  severity: 'warning',
  message: `${component ?? 'all'} is ${kind}`,
  urgent: true,
  since,
  ...more,
})

it('what is urgent is a line each, the worst kind first, with where its evidence is', () => {
  const advice = [
    about('thrashing', undefined, 1),
    about('growing', 'b', 3),
    about('growing', 'a', 2),
    about('failing', 'c', 9),
    about('estimate', 'c', 1, { urgent: false }),
  ]
  const lines = attentionLines(advice, known({ a: null, b: null, c: null }))
  expect(lines.map(({ kind, since, evidence }) => [kind, since, evidence])).toEqual([
    ['failing', 9, { kind: 'component', name: 'c' }],
    ['growing', 2, { kind: 'component', name: 'a' }],
    ['growing', 3, { kind: 'component', name: 'b' }],
    ['thrashing', 1, { kind: 'plan' }],
  ])
  expect(lines[0]?.words).toBe('c is failing')
})

it('many of one kind in a family are one line, and so are many of no family', () => {
  const members = Array.from({ length: 50 }, (_, i) => `exchange:${i}`)
  const others = ['p', 'q', 'r', 's', 't']
  const components = known(
    Object.fromEntries([...members.map((name) => [name, 'exchange']), ...others.map((name) => [name, null])]),
  )
  const advice = [...members.slice(2), ...others].map((name, i) => about('failing', name, 100 - i))
  const lines = attentionLines(advice, components)
  expect(lines.map(({ words, since, evidence }) => [words, since, evidence])).toEqual([
    ['5 components are failing: p, q, r and 2 more', 48, { kind: 'table', search: '', sort: 'errors' }],
    ['exchange: 48 of 50 are failing', 53, { kind: 'table', search: 'exchange', sort: 'errors' }],
  ])
})

it('three of one kind are one line in a family, and told one by one elsewhere, also of a kind that the page does not know', () => {
  const advice = ['a', 'b', 'c'].map((name, i) => about('out-of-luck', name, i))
  expect(attentionLines(advice, known({ a: 'f', b: 'f', c: 'f' }))).toMatchObject([
    { words: 'f: 3 of 3 are out of luck' },
  ])
  expect(attentionLines(advice, known({ a: null, b: null, c: null }))).toHaveLength(3)
})

it('a component has all its troubles', () => {
  const advice = [about('failing', 'a', 1), about('growing', 'a', 2), about('estimate', 'b', 1, { urgent: false })]
  expect([...troubles(advice)]).toEqual([['a', ['failing', 'growing']]])
})
