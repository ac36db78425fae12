import type { Remote } from '../channel/remote.ts'
import { ComponentNotFoundError } from '../contract/errors.ts'
import { expectName, expectRecord } from '../base/option-checks.ts'
import { resolveDefinition } from './definition.ts'
import type { DefinitionDefaults } from './definition.ts'
import type { ComponentDefinition } from '../contract/component-definition.ts'
import type { UnloadReport } from '../contract/unload-report.ts'

/** What `registerFamily` takes: a definition whose `config` is made for each key. */
export interface FamilyDefinition<Config = unknown> extends Omit<ComponentDefinition<Config>, 'config' | 'module'> {
  /** The module of all instances, or a function that gives each key its own. */
  readonly module: URL | string | ((key: string) => URL | string)
  readonly config?: (key: string) => Config
}

/** What a family needs of its coordinator. */
export interface FamilyHome {
  /** Its name is the family's and the key. */
  registerMember(definition: ComponentDefinition): unknown
  unregisterComponent(name: string): Promise<UnloadReport>
  /** The family was unregistered: its name is free again. */
  unregistered(): void
}

/** Instances of one component by key, each registered as `<family>:<key>` in a worker of its own, made on first use. */
export class ComponentFamily<T> {
  readonly name: string
  readonly #definition: FamilyDefinition
  readonly #home: FamilyHome
  readonly #members = new Map<string, Remote<T>>()
  #unregistered: Promise<UnloadReport[]> | undefined

  constructor(definition: FamilyDefinition, home: FamilyHome) {
    this.name = expectName('name', expectRecord('definition', definition).name)
    this.#definition = definition
    this.#home = home
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
    const { config, module, ...shared } = this.#definition
    const member = this.#home.registerMember({
      ...shared,
      name: this.componentName(key),
      module: typeof module === 'function' ? module(key) : module,
      config: config?.(key),
    }) as Remote<T>
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

/**
 * Checks what all instances of a family have in common.
 *
 * @throws InvalidOptionsError
 */
export function checkFamily(definition: FamilyDefinition, defaults: DefinitionDefaults): void {
  const { config: _config, module, ...shared } = expectRecord('definition', definition)
  resolveDefinition({ ...shared, module: typeof module === 'function' ? 'data:text/javascript,' : module }, defaults)
}
