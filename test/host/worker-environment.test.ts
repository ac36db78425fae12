import { describe, expect, onTestFinished, test } from 'vitest'
import type { ComponentCoordinator } from '../../src/index.ts'
import { SpareWorkers } from '../../src/host/spare-workers.ts'
import { WorkerHost } from '../../src/host/worker-host.ts'
import { environmentChange } from '../../src/host/environment-change.ts'
import { quietCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

/** Sets a variable, or takes it away, for one test. */
function setForTest(name: string, value: string | undefined): void {
  const before = process.env[name]
  onTestFinished(() => change(name, before))
  change(name, value)
}

function change(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

async function withSpare(): Promise<ComponentCoordinator> {
  const coordinator = quietCoordinator({ spareWorkers: 1 })
  onTestFinished(async () => void (await coordinator.shutdown()))
  coordinator.registerComponent(sink('first'))
  await coordinator.getComponent('first')
  await until(async () => (await coordinator.memory.sample()).extra.some(({ total }) => total > 0))
  return coordinator
}

describe('a component that gets a worker that was started before', () => {
  test('has the environment as it is when it is loaded', async () => {
    setForTest('SPILLWAY_CHANGED', 'before')
    setForTest('SPILLWAY_REMOVED', 'before')
    const coordinator = await withSpare()
    const path = process.env['PATH']
    process.env['SPILLWAY_CHANGED'] = 'after'
    delete process.env['SPILLWAY_REMOVED']
    setForTest('SPILLWAY_ADDED', '')
    const second = coordinator.registerComponent<KitchenSink>(sink('second'))
    expect(await second.environment('SPILLWAY_CHANGED')).toBe('after')
    expect(await second.environment('SPILLWAY_REMOVED')).toBeUndefined()
    expect(await second.environment('SPILLWAY_ADDED')).toBe('')
    expect(await second.environment('PATH')).toBe(path)
    process.env['SPILLWAY_CHANGED'] = 'later'
    expect(await second.environment('SPILLWAY_CHANGED')).toBe('after')
    await coordinator.unloadComponent('second')
    expect(await second.environment('SPILLWAY_CHANGED')).toBe('later')
  })

  test('has the environment of its definition, whatever happens to that of the process', async () => {
    const coordinator = await withSpare()
    const own = coordinator.registerComponent<KitchenSink>(sink('own', { env: { ONLY: 'this' } }))
    setForTest('SPILLWAY_ADDED', 'after')
    expect(await own.environment('ONLY')).toBe('this')
    expect(await own.environment('SPILLWAY_ADDED')).toBeUndefined()
    expect(await own.environment('PATH')).toBeUndefined()
  })
})

test.each(['NODE_OPTIONS', 'TZ'])(
  'a spare worker goes when %s is changed, which only a new thread takes over',
  async (name) => {
    const spares = new SpareWorkers(1, () => new WorkerHost({}))
    onTestFinished(async () => spares.close(5_000))
    spares.keep()
    const [spare] = spares.hosts
    setForTest(name, name === 'TZ' ? 'Asia/Kathmandu' : '--no-deprecation')
    const taken = spares.take()
    onTestFinished(async () => void (await taken.terminate(5_000)))
    expect(taken).not.toBe(spare)
    expect(await spare?.exited(5_000)).toBe(true)
  },
)

test('a change of the environment names what is new, other and gone, whatever its name', () => {
  const before = { same: '1', other: '1', gone: '1' }
  const after: NodeJS.ProcessEnv = { same: '1', other: '2', fresh: '' }
  Object.defineProperty(after, '__proto__', { value: 'a name like any other', enumerable: true })
  const change = environmentChange(before, after)
  expect(Object.entries(change)).toEqual([
    ['other', '2'],
    ['fresh', ''],
    ['__proto__', 'a name like any other'],
    ['gone', null],
  ])
})
