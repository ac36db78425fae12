import { expect, it } from 'vitest'
import { ComponentCoordinator } from '../../src/index.ts'
import { rejection, sink, until } from '../support/coordinator.ts'
import { recordingLogger } from '../support/hibernating.ts'

const source = `
import { inspect } from 'node:util'
export default async (config, { dependencies }) => {
  if (config?.fails) dependencies.price.add(1, 2)
  return {
    look: async () => ({
      called: dependencies.cache?.get() ?? 'none',
      again: dependencies.cache === undefined,
      has: ['prices' in dependencies, 'cache' in dependencies, 'toString' in dependencies],
      keys: Object.keys(dependencies),
      spread: Object.keys({ ...dependencies }),
      shown: inspect(dependencies),
      awaited: (await dependencies) === dependencies,
      text: JSON.stringify(dependencies),
    }),
    sum: ({ prices } = dependencies) => prices.add(1, 2),
  }
}`
interface Looking {
  look(): unknown
  sum(): number
}
const module = `data:text/javascript,${encodeURIComponent(source)}`

it.each(['thread', 'process'] as const)(
  'a dependency that is not named is undefined, and the log says what to do, once, in a %s',
  async (isolation) => {
    const { logger, logged } = recordingLogger()
    const warnings = (): string[] => logged.filter(({ level }) => level === 40).map(({ msg }) => msg)
    await using coordinator = new ComponentCoordinator({ logger })
    coordinator.registerComponent(sink('prices'))
    const remote = coordinator.registerComponent<Looking>({
      name: 'looking',
      module,
      dependencies: ['prices'],
      isolation,
    })
    expect(await remote.look()).toEqual({
      called: 'none',
      again: true,
      has: [true, false, false],
      keys: ['prices'],
      spread: ['prices'],
      shown: '[Object: null prototype] { prices: [remote prices] }',
      awaited: true,
      text: '{"prices":{}}',
    })
    expect(await remote.sum()).toBe(3)
    await until(() => warnings().length > 0)
    await remote.look()
    await coordinator.unloadComponent('looking')
    const told = warnings().filter((line) => line.includes('context.dependencies'))
    expect(told).toEqual([
      '"looking" reads context.dependencies.cache, which is undefined, as its definition does not name it: ' +
        'name it in "dependencies", or in "optionalDependencies" where it can be missing',
    ])
  },
)

it.each(['thread', 'process'] as const)('so it is when that makes the load fail, in a %s', async (isolation) => {
  const { logger, logged } = recordingLogger()
  const warnings = (): string[] => logged.filter(({ level }) => level === 40).map(({ msg }) => msg)
  await using coordinator = new ComponentCoordinator({ logger })
  const remote = coordinator.registerComponent<Looking>({ name: 'failing', module, config: { fails: true }, isolation })
  expect(((await rejection(remote.look())) as Error).message).toContain("reading 'add'")
  await until(() => warnings().some((line) => line.includes('"failing" reads context.dependencies.price,')))
})
