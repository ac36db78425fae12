import type { Logger } from '../contract/logger.ts'
import type { ComponentHost } from '../host/component-host.ts'
import { bearsReload } from '../host/known-addons.ts'
import type { ResolvedDefinition } from './definition.ts'

/** What is known of a component by the time that it is loaded. */
export interface Isolated {
  readonly definition: Pick<ResolvedDefinition, 'name' | 'isolation'>
  /** The native addons that its generations have loaded. */
  readonly addons: Iterable<string>
}

/** What kind of worker a component is loaded into next. */
export function isolationOf({ definition, addons }: Isolated): ComponentHost['isolation'] {
  if (definition.isolation !== 'auto') return definition.isolation
  return bearsReload(addons).ok ? 'thread' : 'process'
}

const told = new WeakSet<object>()

const faults = {
  'second load': 'a second load in a thread',
  'end at work': 'that a thread is ended while it works',
} as const

/** One that was in a thread goes into a process: that is said once. */
export function tellMove({ definition, addons }: Isolated, logger: Logger): void {
  const bears = bearsReload(addons)
  if (definition.isolation !== 'auto' || bears.ok || told.has(definition)) return
  told.add(definition)
  logger.warn(
    { component: definition.name, addon: bears.addon },
    `loaded into a process from now on: ${bears.addon} does not bear ${faults[bears.fault]}`,
  )
}
