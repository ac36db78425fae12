import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { ComponentMarks } from '../../../src/live/component-marks.ts'
import type { Observed } from '../../../src/live/observed.ts'

/** Nothing of a coordinator but its events is used. */
const emitter = (): EventEmitter & Observed => new EventEmitter() as EventEmitter & Observed

it('each component keeps its last hundred marks, whatever happens to others', () => {
  const coordinator = emitter()
  const marks = new ComponentMarks(coordinator)
  coordinator.emit('crash', { name: 'quiet', generation: 1, reason: 'stuck', why: null } as never)
  for (let generation = 1; generation <= 300; generation++) {
    coordinator.emit('load', { name: 'noisy', generation, cause: { by: 'call', of: null } } as never)
    coordinator.emit('unload', { name: 'noisy', generation, reason: 'pressure', why: `for ${generation}` } as never)
  }
  expect(marks.of('quiet')).toMatchObject([{ kind: 'crash', generation: 1, reason: 'stuck' }])
  expect(marks.of('noisy')).toHaveLength(100)
  expect(marks.of('noisy').at(-1)).toMatchObject({ kind: 'unload', generation: 300, reason: 'pressure' })
  expect(
    marks
      .of('noisy')
      .slice(-12)
      .map(({ why }) => why),
  ).toEqual([
    null,
    null,
    ...[296, 297, 298, 299, 300].flatMap((generation) => ['for a call of the main thread', `for ${generation}`]),
  ])
  expect(marks.of('unknown')).toEqual([])
})

it('of components without end, those are forgotten to which nothing happened for longest', () => {
  const coordinator = emitter()
  const marks = new ComponentMarks(coordinator)
  const load = (name: string): boolean =>
    coordinator.emit('load', { name, generation: 1, cause: { by: 'request', of: null } } as never)
  load('first')
  load('second')
  for (let i = 0; i < 1_999; i++) {
    load(`key:${i}`)
    load('first')
  }
  expect(marks.of('first')).toHaveLength(100)
  expect(marks.of('second')).toEqual([])
  expect(marks.of('key:0')).toHaveLength(1)
})

it('a load that failed is a mark, with its error', () => {
  const coordinator = emitter()
  const marks = new ComponentMarks(coordinator)
  coordinator.emit('loadError', { name: 'broken', generation: 1, error: new Error('no such file') } as never)
  expect(marks.of('broken')).toMatchObject([{ kind: 'load-error', generation: 1, why: 'Error: no such file' }])
})

it('nothing listens once it is disposed of', () => {
  const coordinator = emitter()
  new ComponentMarks(coordinator)[Symbol.dispose]()
  expect(coordinator.eventNames()).toEqual([])
})
