import type * as PromClient from 'prom-client'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { AnyRegistry } from '../metrics/index.ts'

export interface MetricsSource extends Disposable {
  readonly registry: AnyRegistry
}

/** The user's registry, or one of its own with the coordinator's metrics; undefined when prom-client is not installed. */
export async function openMetrics(
  coordinator: ComponentCoordinator,
  registry: AnyRegistry | undefined,
): Promise<MetricsSource | undefined> {
  if (registry) return { registry, [Symbol.dispose]: () => {} }
  const client = await importPromClient()
  if (!client) return undefined
  const { collectMetrics } = await import('../metrics/index.ts')
  const own = new client.Registry()
  const collecting = collectMetrics(coordinator, { registry: own })
  return { registry: own, [Symbol.dispose]: () => collecting[Symbol.dispose]() }
}

/** Written so that bundlers do not miss it where it is not installed. */
async function importPromClient(): Promise<typeof PromClient | undefined> {
  try {
    return await import('prom-client')
  } catch {
    return undefined
  }
}
