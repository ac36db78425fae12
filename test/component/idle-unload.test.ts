import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { Registry } from '../../src/component/registry.ts'
import { rejection, sharedCell, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const begun = sharedCell()
// oxlint-disable-next-line typescript/unbound-method -- always applied to a registry
const add = Registry.prototype.add
/** The supervisor that a registration makes; unloads of what is idle only are the memory manager's, and are asked for here directly. */
let last: Parameters<typeof add>[0] | undefined
Registry.prototype.add = function (component) {
  last = component
  add.call(this, component)
}
afterAll(() => {
  Registry.prototype.add = add
})

function register(name: string) {
  const remote = coordinator.registerComponent<KitchenSink>(sink(name, { config: { begun } }))
  if (!last) throw new Error('nothing was registered')
  return { remote, supervisor: last.first }
}

describe('an unload of what is idle only', () => {
  it('is called off when a call slips in: the call is answered by the same generation', async () => {
    const { remote, supervisor } = register('slipping')
    await remote.add(1, 1)
    let calledOff = 0
    for (let round = 0; round < 18; round++) {
      const { generation } = coordinator.info('slipping')
      const unloading = supervisor.unload('pressure', 0, true)
      for (let turns = 0; turns < round % 6; turns++) await turn()
      const call = remote.generation()
      const [report, answer] = await Promise.all([unloading, call])
      if (!report) calledOff++
      expect(answer).toBe(report ? generation + 1 : generation)
    }
    expect(calledOff).toBeGreaterThan(3)
    expect(coordinator.info('slipping')).toMatchObject({ crashes: 0, inUse: 0 })
  })

  it('is called off when the worker does not answer within a second', async () => {
    const { remote, supervisor } = register('stuck')
    await remote.add(1, 1)
    const before = begun[0]!
    await remote.standStillLater(1_600)
    await until(() => begun[0]! > before)
    expect(await supervisor.unload('pressure', 0, true)).toBeUndefined()
    expect(await remote.generation()).toBe(1)
    expect(coordinator.info('stuck')).toMatchObject({ state: 'ready', unloads: 0, crashes: 0 })
  })

  it('leads to nothing worse when the worker dies meanwhile', async () => {
    const { remote, supervisor } = register('dying')
    for (let round = 1; round <= 3; round++) {
      expect(await remote.generation()).toBe(round)
      const unloading = supervisor.unload('pressure', 0, true)
      const exit = rejection(remote.exit(1))
      const call = remote.generation()
      await Promise.allSettled([unloading, exit, call])
    }
    expect(await remote.add(1, 1)).toBe(2)
  })

  it('does not happen while it loads, and is done when it is not loaded', async () => {
    const { supervisor } = register('loading')
    expect(await supervisor.unload('pressure', 0, true)).toMatchObject({ predicted: 0 })
    const loading = coordinator.getComponent('loading')
    expect(await supervisor.unload('pressure', 0, true)).toBeUndefined()
    await loading
  })

  it('that is joined by one that insists goes on', async () => {
    const { remote, supervisor } = register('insisted')
    await remote.add(1, 1)
    const gentle = supervisor.unload('pressure', 0, true)
    const call = remote.sleep(20)
    const firm = coordinator.unloadComponent('insisted')
    expect(await call).toBe('slept')
    await gentle
    expect(await firm).toMatchObject({ name: 'insisted' })
    expect(coordinator.info('insisted').unloads).toBe(1)
  })
})
