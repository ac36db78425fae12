import type { Remote } from '../contract/remote.ts'
import { ComponentNotFoundError, InvalidOptionsError } from '../contract/errors.ts'
import { expectInteger, expectKnown, expectName, expectOptional, expectRecord } from '../base/option-checks.ts'
import { expectSize } from '../base/size.ts'
import { smallestMemoryLimit } from '../contract/passed-limit.ts'
import { componentOptions, resolveDefinition } from './definition.ts'
import type { DefinitionDefaults } from './definition.ts'
import type { ComponentDefinition } from '../contract/component-definition.ts'
import type { ConfigOf, ContextOf } from '../contract/config-of.ts'
import type { Given } from '../contract/travel.ts'
import type { FamilyLimits, FamilyMembership } from '../contract/family-limits.ts'
import type { Size } from '../contract/size.ts'
import type { UnloadReport } from '../contract/unload-report.ts'

/** What `registerFamily` takes: a definition whose `config` is made for each key. */
export interface FamilyDefinition<Config = unknown> extends Omit<
  ComponentDefinition<Config>,
  'config' | 'module' | 'instances'
> {
  /** The module of all instances, or a function that gives each key its own. */
  readonly module: URL | string | ((key: string) => URL | string)
  readonly config?: (key: string) => Config
  /**
   * Size of all instances together. A load that would pass it has an idle instance of this family unloaded first, the longest idle; but none that keeps to
   * its fair share (`maxMemory` by the number of instances that are or were in use within a minute, are being loaded or wait to be) for one that does not.
   * Where nothing may go it waits, within its load `timeout`, then rejects with InsufficientMemoryError. When instances grow beyond it, those above their share
   * go: unloaded when idle, else ended, reason 'memory-limit'. Holds whatever `autoUnloadEnabled` says. Default: the total limit.
   */
  readonly maxMemory?: Size
  /** Instances loaded at a time; what is more waits, and has the longest idle one unloaded, as with `maxMemory`. Default: any number. */
  readonly maxLoaded?: number
}

/** What `registerFamily<T>` takes: `config` makes what the component's own type says, and is there unless that can do without. */
export type FamilyDefinitionOf<T> = FamilyDefinition<Given<ConfigOf<T>>> &
  (undefined extends ConfigOf<T> ? unknown : { readonly config: (key: string) => Given<ConfigOf<T>> }) &
  ContextOf<T>

/** What a family needs of its coordinator. */
export interface FamilyHome {
  /** Its name is the family's and the key. */
  registerMember(definition: ComponentDefinition, family: FamilyMembership): unknown
  unregisterComponent(name: string): Promise<UnloadReport>
  /** The family was unregistered: its name is free again. */
  unregistered(): void
}

/** Instances of one component by key, each registered as `<family>:<key>` in a worker of its own, made on first use. */
export class ComponentFamily<T> {
  readonly name: string
  readonly #definition: FamilyDefinition
  readonly #home: FamilyHome
  readonly #membership: FamilyMembership
  readonly #members = new Map<string, Remote<T>>()
  #unregistered: Promise<UnloadReport[]> | undefined

  constructor(definition: FamilyDefinition, home: FamilyHome) {
    this.name = expectName('name', expectRecord('definition', definition).name)
    this.#definition = definition
    this.#home = home
    this.#membership = { name: this.name, limits: limitsOf(definition) }
  }

  /**
   * The instance of that key: registered now if it is new, loaded by its first call.
   *
   * @throws InvalidOptionsError for a key that is empty, over 200 characters, ill-formed or has a control character in it, or when the definition
   * made for it is bad.
   * @throws ComponentNotFoundError once the family was unregistered.
   * @throws DuplicateComponentError when a component of its name was registered by other means.
   */
  get(key: string): Remote<T> {
    expectName('key', key)
    const known = this.#members.get(key)
    if (known) return known
    if (this.#unregistered) throw new ComponentNotFoundError(this.componentName(key))
    const { config, module, maxMemory: _, maxLoaded: __, ...shared } = this.#definition
    const instance: ComponentDefinition = {
      ...shared,
      name: this.componentName(key),
      module: typeof module === 'function' ? module(key) : module,
      config: config?.(key),
    }
    const member = this.#home.registerMember(instance, this.#membership) as Remote<T>
    this.#members.set(key, member)
    return member
  }

  has(key: string): boolean {
    return this.#members.has(key)
  }

  /** The name its instance is registered under. */
  componentName(key: string): string {
    return `${this.name}:${key}`
  }

  /**
   * A component is being unregistered, by whomever: if it is an instance of this family, it is so no longer.
   *
   * @internal
   */
  forget(componentName: string): void {
    if (componentName.startsWith(`${this.name}:`)) this.#members.delete(componentName.slice(this.name.length + 1))
  }

  /**
   * Unloads the instance and forgets it: `get` makes a new one at once, which is loaded when the worker of this one is gone.
   *
   * @returns undefined when there is none.
   */
  async release(key: string): Promise<UnloadReport | undefined> {
    if (!this.#members.has(key)) return undefined
    return this.#home.unregisterComponent(this.componentName(key))
  }

  /** The keys of all instances. */
  list(): string[] {
    return [...this.#members.keys()]
  }

  async releaseAll(): Promise<UnloadReport[]> {
    const reports = await Promise.all(this.list().map(async (key) => this.release(key)))
    return reports.filter((report) => report !== undefined)
  }

  /** Gives up the family's name, and releases all instances. Idempotent. */
  async unregister(): Promise<UnloadReport[]> {
    if (!this.#unregistered) {
      this.#unregistered = this.releaseAll()
      this.#home.unregistered()
    }
    return this.#unregistered
  }
}

/** @throws InvalidOptionsError */
function limitsOf({ name, maxMemory, maxLoaded }: FamilyDefinition): FamilyLimits | undefined {
  if (maxMemory === undefined && maxLoaded === undefined) return undefined
  return {
    name,
    maxMemory: expectOptional(maxMemory, (v) => expectSize('maxMemory', v, { min: smallestMemoryLimit })),
    maxLoaded: expectOptional(maxLoaded, (v) => expectInteger('maxLoaded', v, { min: 1 })),
  }
}

const familyOptions = [...componentOptions.filter((option) => option !== 'instances'), 'maxMemory', 'maxLoaded']

/**
 * Checks what all instances of a family have in common.
 *
 * @throws InvalidOptionsError
 */
export function checkFamily(definition: FamilyDefinition, defaults: DefinitionDefaults): void {
  const { config: _config, module, maxMemory: _, maxLoaded: __, ...shared } = expectRecord('definition', definition)
  // What is passed nevertheless, by those who are not checked.
  const { instances } = shared as Pick<ComponentDefinition, 'instances'>
  if (instances !== undefined) {
    throw new InvalidOptionsError('instances', 'no such option in a family, where each key has one worker', instances)
  }
  expectKnown(definition, familyOptions)
  const limits = limitsOf(definition)
  const { memoryEstimate } = resolveDefinition(
    { ...shared, module: typeof module === 'function' ? 'data:text/javascript,' : module },
    defaults,
  )
  if (memoryEstimate > (limits?.maxMemory ?? Number.POSITIVE_INFINITY)) {
    const most = `no more than the family's maxMemory of ${String(definition.maxMemory)}: no instance could ever be loaded`
    throw new InvalidOptionsError('memoryEstimate', most, definition.memoryEstimate)
  }
}
