import type { ComponentHost } from '../host/component-host.ts'
import type { ResolvedDefinition } from './definition.ts'

/** What kind of worker a component is loaded into. */
export function isolationOf({ isolation }: Pick<ResolvedDefinition, 'isolation'>): ComponentHost['isolation'] {
  return isolation === 'process' ? 'process' : 'thread'
}
