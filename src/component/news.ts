/** What workers are told of other components than their own. */

import type { GenerationEnd } from '../channel/generation-end.ts'
import { dependencyOptions } from '../host/control.ts'
import type { ResolvedDefinition } from './definition.ts'
import type { Supervisor } from './supervisor.ts'

/** What holds for calls of a dependency that was registered just now. */
export function tellRegistered(dependents: Iterable<Supervisor>, definition: ResolvedDefinition): void {
  for (const { generation } of dependents) {
    const options = dependencyOptions(definition)
    generation?.host.post({ type: 'dependency-registered', name: definition.name, options })
  }
}

/** A dependency's generation is over. */
export function tellEnded(
  dependents: Iterable<Supervisor>,
  name: string,
  number: number,
  { reason, exitCode, signal }: GenerationEnd,
): void {
  for (const { generation } of dependents) {
    generation?.host.post({ type: 'dependency-ended', name, generation: number, end: { reason, exitCode, signal } })
  }
}

/** A dependency's generation is being replaced. */
export function tellRetired(dependents: Iterable<Supervisor>, name: string, generation: number): void {
  for (const each of dependents) each.generation?.host.post({ type: 'dependency-retired', name, generation })
}

/** A deadline has passed in that generation of a component, of which it may not have heard: new calls wait until it shows that it listens. */
export function tellUnheard(supervisors: Iterable<Supervisor>, name: string, number: number): void {
  for (const { component: each, generation, main } of supervisors) {
    generation?.host.post({ type: 'unheard', name, generation: number })
    if (each === name) main.holdBack(number)
  }
}
