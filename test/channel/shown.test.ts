import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { proxy, withCallOptions } from '../../src/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<KitchenSink>(sink('shown'))

it('a remote, and each member of it, is shown by its name, and nothing is loaded for that', () => {
  expect(inspect(remote)).toBe('[remote shown]')
  expect(inspect({ remote, members: [remote.nested.deep.hi] })).toBe(
    '{ remote: [remote shown], members: [ [remote shown.nested.deep.hi] ] }',
  )
  expect(inspect(withCallOptions(remote, { timeout: 10 }))).toBe('[remote shown]')
  expect(inspect(withCallOptions(remote.add, { timeout: 10 }))).toBe('[remote shown.add]')
  expect(Object.keys(remote)).toEqual([])
  expect({ ...remote }).toEqual({})
  expect(coordinator.info('shown').state).toBe('unloaded')
})

it('so is a callback, in a component', async () => {
  const shows = coordinator.registerComponent<{ show(callback: object): string }>({
    name: 'shows',
    module: `data:text/javascript,${encodeURIComponent(
      "import { inspect } from 'node:util'; export default { show: (callback) => inspect([callback, callback.on]) }",
    )}`,
  })
  expect(await shows.show(proxy({ on: () => {} }))).toBe('[ [remote shows:callback], [remote shows:callback.on] ]')
})
