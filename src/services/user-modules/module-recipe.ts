import { InvalidOptionsError } from '../../worker.ts'
import { messageOf } from '../thrown.ts'

/** A module of the user's own, and what it is configured with. */
export interface ModuleRecipe {
  readonly module: URL | string
  /** Structured-cloneable; given to the module's initialiser. */
  readonly config?: unknown
}

/**
 * Checks a recipe, and keeps the configuration as it is now.
 *
 * @param of what the names of its options begin with: 'trend.'.
 * @throws InvalidOptionsError
 */
export function parseRecipe({ module, config }: ModuleRecipe, of = ''): Required<ModuleRecipe> {
  if (!(module instanceof URL) && (typeof module !== 'string' || module === '')) {
    throw new InvalidOptionsError(`${of}module`, 'the URL of a module, or a package', module)
  }
  return { module, config: cloneConfig(config, `${of}config`) }
}

/** @throws InvalidOptionsError */
export function cloneConfig<T>(config: T, option: string): T {
  try {
    return structuredClone(config)
  } catch (cause) {
    const expected = `something that can be cloned into a worker (${messageOf(cause)})`
    throw new InvalidOptionsError(option, expected, config, { cause })
  }
}
