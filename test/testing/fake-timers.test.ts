import { afterEach, describe, expect, it, vi } from 'vitest'
import { runChild, runModule } from '../support/child.ts'
import { quietCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

/** All that vitest can replace in a process of its own. */
const everything = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['Date', 'performance', 'hrtime', 'queueMicrotask'] as const),
]

afterEach(() => {
  vi.useRealTimers()
})

describe('with fake timers of vitest that never advance', () => {
  it.each(['thread', 'process'] as const)('a component in a %s has its whole life', async (isolation) => {
    vi.useFakeTimers({ toFake: [...everything] })
    const coordinator = quietCoordinator()
    const component = coordinator.registerComponent<KitchenSink>(sink('faked', { isolation }))
    expect(await component.add(1, 2)).toBe(3)
    expect((await coordinator.memory.sample()).usage).toBeGreaterThan(0)
    expect(await coordinator.unloadComponent('faked')).toMatchObject({ generation: 1, zombie: false })
    const values: number[] = []
    for await (const value of await component.numbers(3)) values.push(value)
    expect(values).toEqual([0, 1, 2])
    expect((await coordinator.shutdown()).left).toEqual([])
  })

  it('one that was there before goes on', async () => {
    const coordinator = quietCoordinator()
    const component = coordinator.registerComponent<KitchenSink>(sink('before'))
    expect(await component.add(1, 2)).toBe(3)
    vi.useFakeTimers({ toFake: [...everything] })
    expect(await component.add(2, 2)).toBe(4)
    await coordinator.unloadComponent('before')
    expect(await component.add(3, 2)).toBe(5)
    expect((await coordinator.shutdown()).left).toEqual([])
  })
})

const life = `
  const coordinator = new ComponentCoordinator({ logger: silent })
  const component = coordinator.registerComponent(sink('mocked'))
  const sum = await component.add(1, 2)
  await coordinator.unloadComponent('mocked')
  const again = await component.add(2, 2)
  const { left } = await coordinator.shutdown()
  console.log(JSON.stringify([sum, again, left]))`

describe('with mock timers of node:test that never advance', () => {
  it('a component has its whole life', async () => {
    const { stdout, stderr } = await runChild(
      `import { mock } from 'node:test'
      mock.timers.enable()
      ${life}`,
    )
    expect({ stdout, stderr }).toEqual({ stdout: '[3,4,[]]\n', stderr: '' })
  })

  it('also where they were on before it was imported', async () => {
    const { stdout, stderr } = await runModule(
      `import { mock } from 'node:test'
      const sources = new URL('./src/', 'file://' + process.cwd() + '/').href
      const fixtures = new URL('../test/fixtures/', sources).href
      mock.timers.enable()
      const { ComponentCoordinator } = await import(sources + 'index.ts')
      const { pino } = await import('pino')
      const silent = pino({ level: 'silent' })
      const sink = (name, more) => ({ name, module: new URL('kitchen-sink.ts', fixtures), ...more })
      ${life}`,
    )
    expect({ stdout, stderr }).toEqual({ stdout: '[3,4,[]]\n', stderr: '' })
  })
})
