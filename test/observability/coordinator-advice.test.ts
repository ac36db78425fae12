import { describe, expect, it } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import { silent, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const mib = 1024 ** 2

describe('coordinator.advice()', () => {
  it('is drawn from what was measured', async () => {
    await using coordinator = new ComponentCoordinator({ logger: silent })
    const wrong = coordinator.registerComponent<KitchenSink>(
      sink('wrong', { memoryEstimate: 4096 * mib, pinned: true }),
    )
    coordinator.memory.configure({ totalLimit: 8192 * mib })
    await wrong.echo(1)
    await coordinator.memory.sample()
    expect(coordinator.advice()).toContainEqual({
      id: 'estimate:wrong',
      component: 'wrong',
      severity: 'info',
      message: expect.stringContaining('estimated at 4.0 GiB') as string,
    })
  })

  it('tells of a second coordinator until that is shut down', async () => {
    const ids = (): string[] => first.advice().map(({ id }) => id)
    await using first = new ComponentCoordinator({ logger: silent })
    expect(ids()).not.toContain('several-coordinators')
    const second = new ComponentCoordinator({ logger: silent })
    expect(ids()).toContain('several-coordinators')
    await second.shutdown()
    expect(ids()).not.toContain('several-coordinators')
  })
})
