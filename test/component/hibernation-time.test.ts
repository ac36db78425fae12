import { expect, test } from 'vitest'
import { quietCoordinator, rejection, sharedCell, stall, until } from '../support/coordinator.ts'
import { ending, filesIn, registerHibernating, temporaryFolder } from '../support/hibernating.ts'

test.each([20, 1_000, 1_500])(
  'a stuck component is ended without its state, however little time its snapshot is given (%i ms)',
  async (timeout) => {
    const coordinator = ending(quietCoordinator({ spareWorkers: 0 }))
    const component = registerHibernating(coordinator, 'stuck', { timeout, directory: temporaryFolder() })
    await component.set('a', 1)
    const spinning = rejection(component.spin())
    const report = await coordinator.unloadComponent('stuck', { deadline: 50 })
    expect(report.zombie).toBe(false)
    expect(await spinning).toMatchObject({ reason: 'terminated' })
    expect(await component.wasRestored()).toBe(false)
    expect(coordinator.info('stuck')).toMatchObject({ generation: 2, inUse: 0 })
  },
)

test('time in which this thread was blocked while the snapshot was made is not taken from the disk', async () => {
  const directory = temporaryFolder()
  const coordinator = ending(quietCoordinator({ spareWorkers: 0 }))
  const hibernate = { directory, timeout: 2_000 }
  const asked = sharedCell()
  const component = registerHibernating(coordinator, 'stalled', hibernate, { config: { snapshotDelay: 300, asked } })
  await component.set('a', 1)
  const unloading = coordinator.unloadComponent('stalled')
  await until(() => asked[0] === 1)
  await stall(2_500)
  await unloading
  expect(filesIn(directory)).toHaveLength(1)
  expect(await component.get('a')).toBe(1)
})
