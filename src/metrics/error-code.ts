import { isObject, read } from '../channel/cloneable-part.ts'
import { errorClasses } from '../contract/errors.ts'
import { codeOf } from '../contract/errors/base.ts'

/**
 * The label an error is counted under. Bounded: the codes of this package, 'aborted', and 'component' for whatever a component
 * throws itself, whose codes nobody here can know.
 */
export function errorCode(error: unknown): string {
  const code = codeOf(error)
  if (typeof code === 'string' && Object.hasOwn(errorClasses, code)) return code
  return isObject(error) && read(error, 'name') === 'AbortError' ? 'aborted' : 'component'
}
