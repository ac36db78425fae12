import { describe, it } from 'vitest'
import { ComponentLoadTimeoutError } from '../../src/index.ts'
import { fixture, rejection, sharedCell, sharedCoordinator, sink, until } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()

describe('a worker that outlasts its end', () => {
  it.concurrent(
    'is a zombie: told, counted, replaced by the next call, and gone when it dies',
    { timeout: 30_000 },
    async ({ expect }) => {
      const zombies: unknown[] = []
      coordinator.on('zombie', (event) => event.name === 'blocked' && zombies.push(event))
      const begun = sharedCell()
      const remote = coordinator.registerComponent<KitchenSink>(sink('blocked', { config: { begun } }))
      await remote.add(1, 1)
      const blocked = rejection(remote.block(5))
      await until(() => begun[0] === 1)
      const report = await coordinator.unloadComponent('blocked', { deadline: 20 })
      expect(await blocked).toMatchObject({ reason: 'terminated' })
      expect(report).toMatchObject({ name: 'blocked', zombie: true, released: expect.any(Number) as number })
      expect(zombies).toEqual([{ name: 'blocked', generation: 1 }])
      expect(coordinator.info('blocked')).toMatchObject({ state: 'zombie', generation: 1, inUse: 0 })

      expect(await remote.generation()).toBe(2)
      expect(coordinator.info('blocked').state).toBe('ready')
      expect(coordinator.memory.ledger()).toBeDefined()
      await coordinator.unloadComponent('blocked')
      await until(() => coordinator.info('blocked').state === 'unloaded')
      expect(await remote.generation()).toBe(3)
    },
  )

  it.concurrent(
    'and dies while the one after it is being unloaded is not taken for that',
    { timeout: 30_000 },
    async ({ expect }) => {
      const killed = Promise.withResolvers<void>()
      coordinator.on('crash', ({ name }) => name === 'slow-death' && killed.resolve())
      const remote = coordinator.registerComponent<KitchenSink>(
        sink('slow-death', { watchdog: 200, config: { disposeDelay: 3_000 } }),
      )
      await remote.add(1, 1)
      void remote.block(2).catch(() => {})
      await killed.promise
      expect(await remote.generation()).toBe(2)
      const unloaded = coordinator.unloadComponent('slow-death')
      await until(() => coordinator.info('slow-death').state === 'unloading')
      const dying = (): boolean => coordinator.memory.ledger().extra.some(({ name }) => name.startsWith('slow-death'))
      await until(() => !dying())
      expect(coordinator.info('slow-death').state).toBe('unloading')
      expect(await unloaded).toMatchObject({ generation: 2, zombie: false })
      expect(await remote.generation()).toBe(3)
    },
  )

  it.concurrent('and dies while it is one is gone', { timeout: 30_000 }, async ({ expect }) => {
    const begun = sharedCell()
    const remote = coordinator.registerComponent<KitchenSink>(sink('blocked-idle', { config: { begun } }))
    await remote.add(1, 1)
    void remote.block(6).catch(() => {})
    await until(() => begun[0] === 1)
    expect(await coordinator.unloadComponent('blocked-idle', { deadline: 20 })).toMatchObject({ zombie: true })
    expect(coordinator.info('blocked-idle').state).toBe('zombie')
    expect(await coordinator.unloadComponent('blocked-idle')).toMatchObject({ zombie: true, predicted: 0 })
    await until(() => coordinator.info('blocked-idle').state === 'unloaded')
  })

  it.concurrent('while it loads is told by the load timeout all the same', { timeout: 30_000 }, async ({ expect }) => {
    coordinator.registerComponent({ name: 'blocked-load', module: fixture('broken/blocks.mjs'), timeout: 4_000 })
    expect(await rejection(coordinator.getComponent('blocked-load'))).toBeInstanceOf(ComponentLoadTimeoutError)
    expect(coordinator.info('blocked-load').state).toBe('zombie')
    await until(() => coordinator.info('blocked-load').state === 'unloaded')
  })
})
