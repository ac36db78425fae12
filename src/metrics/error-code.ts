import { errorClasses } from '../errors.ts'

/**
 * The label an error is counted under. Bounded: the codes of this package, 'aborted', and 'component' for whatever a component
 * throws itself, whose codes nobody here can know.
 */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'component'
  if ('code' in error && typeof error.code === 'string' && Object.hasOwn(errorClasses, error.code)) return error.code
  if ('name' in error && error.name === 'AbortError') return 'aborted'
  return 'component'
}
