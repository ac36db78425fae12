import { expect, it } from 'vitest'
import type { ComponentView } from '../../../src/live/schemas.ts'
import { copiesKey, familyKey, tableRows } from '../../../src/dashboard/page/table-rows.js'
import type { View } from '../../../src/dashboard/page/table-rows.js'

const memory = (total: number): NonNullable<ComponentView['memory']> => ({
  used: 0,
  physical: total,
  external: 0,
  malloced: 0,
  reported: 0,
  native: 0,
  total,
  peak: total,
  stale: false,
})

/** With what a row looks at. */
const component = (name: string, more: Partial<ComponentView> = {}): ComponentView =>
  ({
    name,
    type: 'service',
    state: 'ready',
    since: 0,
    family: null,
    pinned: false,
    isolation: 'thread',
    pid: null,
    inUse: 0,
    calls: 0,
    errors: 0,
    crashes: 0,
    errorShare: null,
    growth: 0,
    regrets: 0,
    callRate: 0,
    memory: null,
    load: null,
    instances: [],
    next: { verdict: 'not-loaded' },
    ...more,
  }) as ComponentView

const usual: View = { sort: { id: 'name', down: false }, search: '', filter: 'all', open: new Set() }
const keysOf = (components: readonly ComponentView[], view: Partial<View> = {}, troubles = new Map()) =>
  tableRows(components, { ...usual, ...view }, troubles, 0).rows.map(({ kind, view: { name }, level }) =>
    [level, kind, name].join(' '),
  )

const venues = [
  component('venue:a', { family: 'venue', memory: memory(10), calls: 10, errors: 1 }),
  component('venue:b', { family: 'venue', memory: memory(30), state: 'failed', calls: 20, errors: 4 }),
  component('venue:c', { family: 'venue', state: 'unloaded' }),
]

it('a family is one row: sums, and the worst state', () => {
  const { rows, found } = tableRows([component('zoo'), ...venues], usual, new Map(), 0)
  expect(found).toBe(4)
  expect(rows.map(({ key }) => key)).toEqual([familyKey('venue'), 'component zoo'])
  const [family] = rows
  expect(family?.view).toMatchObject({ name: 'venue', state: 'failed', calls: 30, errors: 5 })
  expect(family?.view.memory?.total).toBe(40)
})

it('one that is opened has its members below it, sorted as all is', () => {
  const open = new Set([familyKey('venue')])
  const sort = { id: 'memory', down: true }
  expect(keysOf([component('zoo', { memory: memory(35) }), ...venues], { open, sort })).toEqual([
    '1 family venue',
    '2 component venue:b',
    '2 component venue:a',
    '2 component venue:c',
    '1 component zoo',
  ])
})

it('a search opens what it finds; of one member there is nothing to fold', () => {
  expect(keysOf(venues, { search: 'VENUE:A' })).toEqual(['1 component venue:a'])
  expect(keysOf(venues, { search: 'venue' })).toHaveLength(4)
})

it('copies are one row until they are opened', () => {
  const copy = { ...component('render'), generation: 1, stuckFor: 0, loads: 1, unloads: 0 }
  const render = component('render', { instances: [copy, { ...copy, name: 'render#2' }] })
  expect(keysOf([render])).toEqual(['1 component render'])
  expect(keysOf([render], { open: new Set([copiesKey({ name: 'render' })]) })).toEqual([
    '1 component render',
    '2 copy render',
    '2 copy render#2',
  ])
})

it('problems are what failed, crashed, or has urgent advice', () => {
  const all = [component('well'), component('crashed', { crashes: 1 }), component('growing'), ...venues]
  expect(keysOf(all, { filter: 'problems' }, new Map([['growing', ['growing']]]))).toEqual([
    '1 component crashed',
    '1 component growing',
    '1 component venue:b',
  ])
})

it('components of other hosts are told apart from those of the same name here, and nothing is said to be wrong with them that is wrong here', () => {
  const all = [component('prices'), component('prices', { host: 'b' }), component('prices', { host: 'c' })]
  const { rows } = tableRows(all, usual, new Map(), 0)
  expect(rows.map(({ key }) => key)).toEqual(['component prices', 'component b\tprices', 'component c\tprices'])
  expect(keysOf(all, { filter: 'problems' }, new Map([['prices', ['growing']]]))).toEqual(['1 component prices'])
})
