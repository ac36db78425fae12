import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { LoadEvent } from '../../src/index.ts'
import type dependent from '../fixtures/dependent.ts'
import { fixture, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const lines: { readonly msg: string; readonly component: string; readonly why: string }[] = []
const log = new Writable({
  write(line: Buffer, _, done) {
    lines.push(JSON.parse(String(line)))
    done()
  },
})
const coordinator = sharedCoordinator({ logger: pino(log) })
const loads: LoadEvent[] = []
coordinator.on('load', (event) => loads.push(event))
const causesOf = (name: string): unknown[] => loads.filter((load) => load.name === name).map(({ cause }) => cause)

it('a component says why it was loaded: a call, and of whom; another that needs it; by name', async () => {
  const called = coordinator.registerComponent<KitchenSink>(sink('called'))
  coordinator.registerComponent<KitchenSink>(sink('needed'))
  coordinator.registerComponent<KitchenSink>(sink('named'))
  const user = coordinator.registerComponent<typeof dependent>({
    name: 'user',
    module: fixture('dependent.ts'),
    dependencies: ['needed'],
    optionalDependencies: ['called'],
  })
  expect(coordinator.info('called').loadedFor).toBeNull()
  await user.thread('called')
  await coordinator.unloadComponent('called')
  await called.echo(1)
  await coordinator.preload(['named'])
  expect(causesOf('user')).toEqual([{ by: 'call', of: null }])
  expect(causesOf('needed')).toEqual([{ by: 'dependency', of: 'user' }])
  expect(causesOf('called')).toEqual([
    { by: 'call', of: 'user' },
    { by: 'call', of: null },
  ])
  expect(causesOf('named')).toEqual([{ by: 'request', of: null }])
  expect(coordinator.info('called').loadedFor).toEqual({ by: 'call', of: null })
  expect(coordinator.info('needed').loadedFor).toEqual({ by: 'dependency', of: 'user' })
  const told = lines.filter(({ msg }) => msg === 'component loaded')
  expect(Object.fromEntries(told.slice(0, 3).map(({ component, why }) => [component, why]))).toEqual({
    user: 'for a call of the main thread',
    needed: 'because "user" is loaded, which needs it',
    called: 'for a call of "user"',
  })
})

it('another copy is loaded because the others are busy, another generation to take a place', async () => {
  const pool = coordinator.registerComponent<KitchenSink>(sink('pool', { instances: { max: 2 } }))
  await pool.echo(1)
  const calls = [pool.sleep(20), pool.sleep(20)]
  await until(() => coordinator.info('pool').loads === 2)
  await Promise.all(calls)
  expect(causesOf('pool')).toEqual([
    { by: 'call', of: null },
    { by: 'busy-copies', of: null },
  ])
  await coordinator.recycleComponent('named')
  expect(causesOf('named').at(-1)).toEqual({ by: 'recycle', of: null })
})
