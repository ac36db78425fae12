import { InvalidOptionsError } from '../contract/errors.ts'
import type { ComponentCoordinator } from '../coordinator.ts'

/** One of another copy of this package is one as well: it is known by what it has. */
export function expectCoordinator(value: ComponentCoordinator): ComponentCoordinator {
  const given: { readonly parts?: { readonly registry?: object } } | null | undefined = value
  if (typeof given !== 'object' || typeof given?.parts?.registry !== 'object') {
    throw new InvalidOptionsError('coordinator', 'a ComponentCoordinator', value)
  }
  return value
}
