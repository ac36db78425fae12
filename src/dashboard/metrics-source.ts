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
  const client = await import('prom-client').catch(() => undefined)
  if (!client) return undefined
  const { collectMetrics } = await import('../metrics/index.ts')
  const own = new client.Registry()
  const collecting = collectMetrics(coordinator, { registry: own })
  return { registry: own, [Symbol.dispose]: () => collecting[Symbol.dispose]() }
}
