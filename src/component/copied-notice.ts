import type { Logger } from '../contract/logger.ts'
import type { ResolvedDefinition } from './definition.ts'

const told = new WeakSet<ResolvedDefinition>()

/** Something that was to be transferred to or from a process went as a copy: that is said once of each component. */
export function tellCopied(definition: ResolvedDefinition, logger: Logger): void {
  if (told.has(definition)) return
  told.add(definition)
  logger.warn(
    { component: definition.name },
    'what is to be transferred to or from its process is copied: memory cannot move between processes',
  )
}
