import { componentOptions } from '../index.ts'
import type { ComponentDefinition } from '../index.ts'
import { checkKnown, checkObject } from './option-checks.ts'

/** What a service decides of its component itself. */
type Decided = 'name' | 'type' | 'module' | 'export' | 'config' | 'dependencies' | 'optionalDependencies'
const DECIDED: readonly string[] = [
  'name',
  'type',
  'module',
  'export',
  'config',
  'dependencies',
  'optionalDependencies',
] satisfies Decided[]
const SETTABLE = componentOptions.filter((option) => !DECIDED.includes(option))

/** What may be set of any service's component: all options of a component but those that the service decides. */
export type ServiceSettings = {
  readonly [Option in keyof Omit<ComponentDefinition, Decided>]?: ComponentDefinition[Option] | undefined
} & {
  /** The name of the component, or what those of a family begin with. */
  readonly name?: string | undefined
}

/** The options of a service, sorted. Those that are undefined are left out. */
export interface SortedOptions {
  readonly name: string | undefined
  /** The service's own. One that a component has as well is in both. */
  readonly own: Readonly<Record<string, unknown>>
  readonly settings: Partial<Omit<ComponentDefinition, Decided>>
}

/**
 * Tells the service's own options, by their names, from those of its component.
 *
 * @throws InvalidOptionsError for one that is neither.
 */
export function sortOptions(options: object, ownNames: readonly string[]): SortedOptions {
  checkKnown(checkObject('options', options), ['name', ...ownNames, ...SETTABLE])
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const only = (names: readonly string[]): object => Object.fromEntries(given.filter(([key]) => names.includes(key)))
  const { name } = options as ServiceSettings
  return { name, own: only(ownNames) as Record<string, unknown>, settings: only(SETTABLE) }
}
