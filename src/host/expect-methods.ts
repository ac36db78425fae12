import type { MethodTable } from '../channel/method-table.ts'
import { InvalidOptionsError } from '../contract/errors.ts'

/** @throws InvalidOptionsError for a method that is not offered. */
export function expectMethods(option: string, methods: ReadonlySet<string>, table: MethodTable): void {
  const offered = table.names()
  for (const method of methods) {
    if (!offered.includes(method)) {
      throw new InvalidOptionsError(option, `names of methods that it offers (${offered.join(', ')})`, method)
    }
  }
}
