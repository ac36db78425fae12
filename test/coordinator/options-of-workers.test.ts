import { describe, expect, it } from 'vitest'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

it('a component takes the coordinator’s defaults', async () => {
  const hurried = sharedCoordinator({ timeout: { load: 20_000, call: 40, dispose: 50 } })
  const remote = hurried.registerComponent<KitchenSink>(sink('hurried', { config: { disposeDelay: -1 } }))
  await hurried.getComponent('hurried')
  await expect(remote.never()).rejects.toMatchObject({ timeout: 40 })
  expect((await hurried.unloadComponent('hurried', { deadline: 10 })).times.dispose).toBeLessThan(4_000)
})

describe('the worker of a component', () => {
  const coordinator = sharedCoordinator()

  it('is given env, argv and execArgv', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(
      sink('equipped', {
        env: { ONLY: 'this' },
        argv: ['--first', 'second'],
        execArgv: ['--disable-warning=ExperimentalWarning'],
      }),
    )
    expect(await remote.environment('ONLY')).toBe('this')
    expect(await remote.environment('PATH')).toBeUndefined()
    expect(await remote.argv()).toEqual(['--first', 'second'])
    expect(await remote.execArgv()).toEqual(['--disable-warning=ExperimentalWarning'])
  })

  it('has a copy of this environment otherwise', async () => {
    const remote = coordinator.registerComponent<KitchenSink>(sink('plain'))
    expect(await remote.environment('PATH')).toBe(process.env['PATH'])
    expect(await remote.argv()).toEqual([])
  })

  it('has the limits that were asked for, or a backstop', async () => {
    const limits = { maxOldGenerationSizeMb: 80, maxYoungGenerationSizeMb: 8, stackSizeMb: 2 }
    const limited = coordinator.registerComponent<KitchenSink>(sink('limited', { resourceLimits: limits }))
    expect(await limited.limits()).toMatchObject(limits)
    expect(await coordinator.component<KitchenSink>('plain').limits()).toMatchObject({
      maxOldGenerationSizeMb: 4_096,
      maxYoungGenerationSizeMb: 16,
    })
  })
})
