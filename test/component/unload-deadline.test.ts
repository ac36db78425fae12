import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WorkerHost } from '../../src/host/worker-host.ts'
import {
  fixture,
  quietCoordinator,
  rejection,
  sharedCell,
  sharedCoordinator,
  sink,
  until,
} from '../support/coordinator.ts'
import type dependent from '../fixtures/dependent.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()

/** When the promise rejected, and what with. */
async function rejected(promise: Promise<unknown>): Promise<{ readonly at: number; readonly error: unknown }> {
  const error = await rejection(promise)
  return { at: performance.now(), error }
}

/** When a worker is first told to end: once it is disposed of, or has not been in time; one that is stuck is given a second for that. Not yet: Infinity. */
function firstEnd(): () => number {
  let at = Number.POSITIVE_INFINITY
  // oxlint-disable-next-line typescript/unbound-method -- always applied to a host
  const terminate = WorkerHost.prototype.terminate
  const spy = vi.spyOn(WorkerHost.prototype, 'terminate').mockImplementation(async function (
    this: WorkerHost,
    ...given
  ) {
    at = Math.min(at, performance.now())
    return terminate.apply(this, given)
  })
  onTestFinished(() => spy.mockRestore())
  return () => at
}

describe('the deadline of an unload', () => {
  it.each(['spin', 'never', 'endless'] as const)('is when calls under way reject: %s', async (how) => {
    const begun = sharedCell()
    const remote = coordinator.registerComponent<KitchenSink>(sink(how, { config: { begun } }))
    await remote.add(1, 1)
    const call = how === 'endless' ? readOn(remote) : rejected(remote[how]())
    const bystander = rejected(remote.never())
    await until(() => begun[0]! > 0)
    const end = firstEnd()
    const unloading = coordinator.unloadComponent(how, { deadline: 100 })
    for (const { at, error } of await Promise.all([call, bystander])) {
      expect(error).toMatchObject({ reason: 'terminated', outcome: 'unknown' })
      expect(at).toBeLessThan(end())
    }
    const later = remote.generation()
    expect(await unloading).toMatchObject({ generation: 1, zombie: false })
    expect(await later).toBe(2)
  })

  it('is when calls of other workers reject', async () => {
    const begun = sharedCell()
    coordinator.registerComponent<KitchenSink>(sink('depended', { config: { begun } }))
    const dependentRemote = coordinator.registerComponent<typeof dependent>({
      name: 'depends',
      module: fixture('dependent.ts'),
      dependencies: ['depended'],
    })
    await dependentRemote.count('depended')
    const call = rejected(dependentRemote.never('depended'))
    await until(() => begun[0] === 1)
    void coordinator
      .component<KitchenSink>('depended')
      .spin()
      .catch(() => {})
    await until(() => begun[0] === 2)
    const end = firstEnd()
    const unloading = coordinator.unloadComponent('depended', { deadline: 100 })
    const { at, error } = await call
    expect(error).toMatchObject({ reason: 'terminated' })
    expect(at).toBeLessThan(end())
    await unloading
  })

  it('holds for the one that is shortest, of several who ask', async () => {
    const begun = sharedCell()
    const remote = coordinator.registerComponent<KitchenSink>(sink('asked-twice', { config: { begun } }))
    await remote.add(1, 1)
    const call = rejected(remote.spin())
    await until(() => begun[0] === 1)
    const end = firstEnd()
    const unloads = [
      coordinator.unloadComponent('asked-twice', { deadline: 60_000 }),
      coordinator.unloadComponent('asked-twice', { deadline: 100 }),
    ]
    expect((await call).at).toBeLessThan(end())
    await Promise.all(unloads)
  })

  it('does not wait for a dispose hook, or a snapshot, that hangs', async () => {
    const begun = sharedCell()
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('hanging', { config: { begun, disposeDelay: -1 }, disposeTimeout: 1_500 }),
    )
    await remote.add(1, 1)
    const call = rejected(remote.never())
    await until(() => begun[0] === 1)
    const end = firstEnd()
    const unloading = coordinator.unloadComponent('hanging', { deadline: 100 })
    expect((await call).at).toBeLessThan(end())
    await unloading
  })

  it('holds for a shutdown', async () => {
    const own = quietCoordinator({ spareWorkers: 0 })
    const [begun, begunThere] = [sharedCell(), sharedCell()]
    const remote = own.registerComponent<KitchenSink>(
      sink('x', { config: { begun, disposeDelay: -1 }, disposeTimeout: 600_000 }),
    )
    const other = own.registerComponent<KitchenSink>(sink('y', { config: { begun: begunThere } }))
    await Promise.all([remote.add(1, 1), other.add(1, 1)])
    const calls = [rejected(remote.spin()), rejected(remote.never()), rejected(other.never())]
    await until(() => begun[0]! > 0 && begunThere[0]! > 0)
    const shutdown = own.shutdown({ deadline: 100 })
    // Nothing else would end the hook that hangs.
    for (const { error } of await Promise.all(calls)) expect(error).toMatchObject({ reason: 'terminated' })
    await shutdown
  })

  it('leaves a component that was not unloaded after all as good as before', async () => {
    const remote = coordinator.registerComponent<{ wait(): Promise<never>; get(): string }>({
      name: 'stays',
      module: fixture('unkeepable.ts'),
    })
    expect(await remote.get()).toBe('generation 1')
    const call = rejected(remote.wait())
    // It has begun by the time of a later answer.
    await remote.get()
    const unloading = rejection(coordinator.unloadComponent('stays', { deadline: 50 }))
    expect((await call).error).toMatchObject({ reason: 'terminated' })
    const meanwhile = remote.get()
    expect(await unloading).toMatchObject({ code: 'ERR_SNAPSHOT' })
    expect(await meanwhile).toBe('generation 1')
    expect(await remote.get()).toBe('generation 1')
  })
})

async function readOn(remote: { endless(): Promise<AsyncIterable<unknown>> }): ReturnType<typeof rejected> {
  return rejected(
    (async () => {
      for await (const _ of await remote.endless());
    })(),
  )
}
