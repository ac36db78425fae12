import { expectNumber, expectOptions, orDefault } from '../base/option-checks.ts'
import { defaultDrainDeadline } from '../component/departures.ts'
import type { UnloadReport } from '../contract/unload-report.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { expectCoordinator } from './expect-coordinator.ts'

/**
 * Unloads a component now, as memory pressure would: its state is kept where it hibernates, its report has the reason 'pressure', and a reload within a
 * minute counts as one too soon. Other than pressure, it takes what is in use or needed as well: calls in flight and leases are given `deadline` ms (default
 * 5,000), then the calls reject with ComponentCrashedError, reason 'terminated'. Instances of families go by `family:key`; several copies go together.
 *
 * @returns the report, once its worker is gone and its memory given back; undefined when it was not loaded, or its load failed.
 * @throws ComponentNotFoundError, InvalidOptionsError; SnapshotError when its state cannot be kept.
 */
export async function evict(
  coordinator: ComponentCoordinator,
  name: string,
  options: { readonly deadline?: number } = {},
): Promise<UnloadReport | undefined> {
  expectCoordinator(coordinator)
  const given = orDefault(expectOptions(options, ['deadline']).deadline, defaultDrainDeadline)
  const deadline = expectNumber('deadline', given, { min: 0, max: 2 ** 31 - 1 })
  const component = coordinator.parts.registry.get(name)
  if (component.copies.some(({ state }) => state.status === 'loading')) await component.load().catch(() => {})
  return component.isLoaded ? component.unload('pressure', deadline) : undefined
}
