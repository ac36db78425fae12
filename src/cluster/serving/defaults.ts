import type { ResolvedDefinition } from '../../component/definition.ts'
import type { CallDefaults } from '../handshake.ts'

/** What holds for calls of a component, for those who call it from elsewhere. */
export function defaultsOf({ callTimeout, maxQueue, idempotent }: ResolvedDefinition): CallDefaults {
  return { callTimeout, maxQueue, idempotent: new Set(idempotent) }
}
