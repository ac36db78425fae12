import { expect, it } from 'vitest'
import type { ComponentDefinition, FamilyDefinition } from '../../src/index.ts'
import {
  LazyConnectionPool,
  LazyConnectorManager,
  LazyHistoricalDataService,
  LazyOrderService,
  LazyStrategyManager,
  LazyValidatorManager,
} from '../../src/services/index.ts'
import { ComponentCoordinator } from '../../src/index.ts'
import { tableRows } from '../../bench/figures/markdown.ts'
import { readPage } from './page.ts'

it('the table of the services says how they register themselves', async () => {
  const registered = new Map<string, ComponentDefinition | FamilyDefinition>()
  class Watched extends ComponentCoordinator {
    override registerComponent: ComponentCoordinator['registerComponent'] = (definition) => {
      registered.set(definition.name, definition)
      return super.registerComponent(definition)
    }
    override registerFamily: ComponentCoordinator['registerFamily'] = (definition) => {
      registered.set(definition.name, definition)
      return super.registerFamily(definition)
    }
  }
  await using coordinator = new Watched()
  const services = [
    new LazyHistoricalDataService(coordinator, { path: 'market.db' }),
    new LazyConnectorManager(coordinator),
    new LazyOrderService(coordinator, { path: 'orders.db' }),
    new LazyConnectionPool(coordinator),
    new LazyStrategyManager(coordinator),
    new LazyValidatorManager(coordinator),
  ]

  const rows = tableRows(await readPage('docs/services.md')).filter(([name = '']) => name.startsWith('`Lazy'))

  const stated = rows.map(([service, component, estimate, timeout, priority]) => ({
    service: service?.replaceAll('`', ''),
    component: component?.replace(/^`([\w-]+).*`$/, '$1'),
    estimate: Number.parseInt(estimate ?? '', 10) * 1024 ** 2,
    timeout: Number.parseInt(timeout ?? '', 10) * 1_000,
    priority: Number(priority),
  }))
  const actual = services.map((service) => {
    const { memoryEstimate, timeout, priority } = registered.get(service.name) ?? {}
    return { service: service.constructor.name, component: service.name, estimate: memoryEstimate, timeout, priority }
  })
  expect(stated).toEqual(actual)
})
