import { inspect } from 'node:util'

/** What something thrown says, whatever it is: `String()` refuses objects without a prototype. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  return typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 0 })
}

export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown))
}
