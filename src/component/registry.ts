import { ComponentNotFoundError, DependencyCycleError, DuplicateComponentError } from '../contract/errors.ts'
import { isLoaded } from './lifecycle.ts'
import type { Supervisor } from './supervisor.ts'

/** The registered components, those that were unregistered and are not gone yet, and who depends on whom. */
export class Registry {
  readonly #registered = new Map<string, Supervisor>()
  /** Unregistered: their names are free, and what is left of them goes as it can. With what resolves when each is gone. */
  readonly #leaving = new Map<Supervisor, Promise<void>>()
  /** For each name, also one not registered yet: who declared it as a dependency. */
  readonly #dependents = new Map<string, Set<Supervisor>>()

  get registered(): Iterable<Supervisor> {
    return this.#registered.values()
  }

  /** Also those that are leaving. */
  get all(): readonly Supervisor[] {
    return [...this.#leaving.keys(), ...this.#registered.values()]
  }

  /** @throws ComponentNotFoundError */
  get(name: string): Supervisor {
    const supervisor = this.#registered.get(name)
    if (!supervisor) throw new ComponentNotFoundError(name, { known: [...this.#registered.keys()].slice(0, 50) })
    return supervisor
  }

  has(name: string): boolean {
    return this.#registered.has(name)
  }

  /** The one of that name that is registered, and those that are leaving. */
  *allNamed(name: string): Iterable<Supervisor> {
    for (const supervisor of this.#leaving.keys()) if (supervisor.name === name) yield supervisor
    const registered = this.#registered.get(name)
    if (registered) yield registered
  }

  isLeaving(supervisor: Supervisor): boolean {
    return this.#leaving.has(supervisor)
  }

  /**
   * @throws DuplicateComponentError when the name is taken.
   * @throws DependencyCycleError when its dependencies, as far as they are registered, lead back to it.
   */
  check(name: string, dependencies: readonly string[]): void {
    if (this.#registered.has(name)) throw new DuplicateComponentError(name)
    const path = this.#pathTo(name, dependencies)
    if (path) throw new DependencyCycleError([name, ...path])
  }

  add(supervisor: Supervisor): void {
    this.#registered.set(supervisor.name, supervisor)
    for (const dependency of supervisor.definition.dependencies) {
      const dependents = this.#dependents.get(dependency) ?? new Set()
      this.#dependents.set(dependency, dependents.add(supervisor))
    }
  }

  /** Its name is free from now on. It is still among `all`, and depends on what it did, until it is `removed`. */
  leave(supervisor: Supervisor, gone: Promise<void>): void {
    this.#registered.delete(supervisor.name)
    this.#leaving.set(supervisor, gone)
  }

  /** Nothing is left of one that was leaving. */
  removed(supervisor: Supervisor): void {
    this.#leaving.delete(supervisor)
    for (const dependency of supervisor.definition.dependencies) {
      const dependents = this.#dependents.get(dependency)
      dependents?.delete(supervisor)
      if (dependents?.size === 0) this.#dependents.delete(dependency)
    }
  }

  /** Resolves once those that had its name before it are gone. */
  async predecessorsGone({ name }: Supervisor): Promise<void> {
    await Promise.all(Array.from(this.allNamed(name), async (each) => this.#leaving.get(each)))
  }

  /** Also those that are leaving. */
  dependentsOf(name: string): Supervisor[] {
    return [...(this.#dependents.get(name) ?? [])]
  }

  /** True while something that depends on it is loaded, or being loaded or unloaded. */
  isNeeded(name: string): boolean {
    return this.dependentsOf(name).some(({ state }) => isLoaded(state))
  }

  /** The component, and all that are loaded before it. */
  loadsWith(name: string): Set<string> {
    const found = new Set([name])
    // The set grows while it is walked.
    for (const each of found) {
      const { dependencies = [], optionalDependencies = [] } = this.#registered.get(each)?.definition ?? {}
      for (const dependency of dependencies) if (!optionalDependencies.includes(dependency)) found.add(dependency)
    }
    return found
  }

  /** The way from one of `from` to `target` along registered dependencies. Each component is looked at once. */
  #pathTo(target: string, from: readonly string[]): string[] | undefined {
    const seen = new Set<string>()
    const visit = (name: string): string[] | undefined => {
      if (name === target) return [name]
      if (seen.has(name)) return undefined
      seen.add(name)
      for (const dependency of this.#registered.get(name)?.definition.dependencies ?? []) {
        const rest = visit(dependency)
        if (rest) return [name, ...rest]
      }
      return undefined
    }
    for (const name of from) {
      const path = visit(name)
      if (path) return path
    }
    return undefined
  }
}
