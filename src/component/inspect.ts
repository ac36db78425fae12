import { resolve } from 'node:path'
import { CallTimeoutError } from '../contract/errors.ts'
import type { Inspection } from '../host/inspect.ts'
import { crashedUnderWay } from '../channel/generation-end.ts'
import { expectNumber } from '../base/option-checks.ts'
import type { Component } from './component.ts'

/** ms that the writing of a file may take. */
const usualDeadline = 120_000

/** @param deadline ms. */
export async function writeHeapSnapshot(component: Component, file: string, deadline = usualDeadline): Promise<void> {
  expectNumber('deadline', deadline, { min: 1, max: 2 ** 31 - 1 })
  await inspect(component, { what: 'heap-snapshot', file: resolve(file) }, deadline)
}

/** @param duration ms that are looked at. */
export async function writeCpuProfile(component: Component, file: string, duration = 5_000): Promise<void> {
  expectNumber('duration', duration, { min: 1, max: 600_000 })
  await inspect(component, { what: 'cpu-profile', file: resolve(file), duration }, duration + usualDeadline)
}

/**
 * Has a component's worker write about itself; loads it if need be, and keeps it from being unloaded meanwhile.
 *
 * @param deadline ms.
 * @throws what made the load or the writing impossible; CallTimeoutError when it was not done by the deadline.
 */
async function inspect(component: Component, inspection: Inspection, deadline: number): Promise<void> {
  const supervisor = component.copyToUse
  using _lease = supervisor.lease()
  for (;;) {
    await supervisor.load({ by: 'request', of: null })
    const { generation, state } = supervisor
    // One that has begun to be unloaded by name is not asked any more: it is loaded again first.
    if (state.status !== 'ready' || !generation) continue
    const outcome = await generation.inspect(inspection, deadline)
    if (outcome === 'late') throw new CallTimeoutError(component.name, inspection.what, deadline)
    if (outcome === 'ended') {
      throw crashedUnderWay(component.name, generation.number, await generation.host.ended)
    }
    if ('error' in outcome) throw outcome.error
    return
  }
}
