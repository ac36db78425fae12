import { ComponentNotFoundError, DependencyCycleError, DuplicateComponentError } from '../errors.ts'
import { isLoaded } from './lifecycle.ts'
import type { Supervisor } from './supervisor.ts'

/** The registered components and who depends on whom. */
export class Registry {
  readonly #supervisors = new Map<string, Supervisor>()
  /** For each name, also one not registered yet: who declared it as a dependency. */
  readonly #dependents = new Map<string, Set<string>>()

  get all(): Iterable<Supervisor> {
    return this.#supervisors.values()
  }

  /** @throws ComponentNotFoundError */
  get(name: string): Supervisor {
    const supervisor = this.#supervisors.get(name)
    if (!supervisor) throw new ComponentNotFoundError(name, { known: [...this.#supervisors.keys()].slice(0, 50) })
    return supervisor
  }

  has(name: string): boolean {
    return this.#supervisors.has(name)
  }

  /**
   * @throws DuplicateComponentError when the name is taken.
   * @throws DependencyCycleError when its dependencies, as far as they are registered, lead back to it.
   */
  check(name: string, dependencies: readonly string[]): void {
    if (this.#supervisors.has(name)) throw new DuplicateComponentError(name)
    const path = this.#pathTo(name, dependencies)
    if (path) throw new DependencyCycleError([name, ...path])
  }

  add(supervisor: Supervisor): void {
    this.#supervisors.set(supervisor.name, supervisor)
    for (const dependency of supervisor.definition.dependencies) {
      const dependents = this.#dependents.get(dependency) ?? new Set()
      this.#dependents.set(dependency, dependents.add(supervisor.name))
    }
  }

  remove(supervisor: Supervisor): void {
    this.#supervisors.delete(supervisor.name)
    for (const dependency of supervisor.definition.dependencies) {
      const dependents = this.#dependents.get(dependency)
      dependents?.delete(supervisor.name)
      if (dependents?.size === 0) this.#dependents.delete(dependency)
    }
  }

  dependentsOf(name: string): string[] {
    return [...(this.#dependents.get(name) ?? [])]
  }

  /** True while something that depends on it is loaded, or being loaded or unloaded. */
  isNeeded(name: string): boolean {
    return this.dependentsOf(name).some((dependent) => {
      const supervisor = this.#supervisors.get(dependent)
      return supervisor !== undefined && isLoaded(supervisor.state)
    })
  }

  /** The component, and all that are loaded before it. */
  loadsWith(name: string): Set<string> {
    const found = new Set([name])
    // The set grows while it is walked.
    for (const each of found) {
      const { dependencies = [], optionalDependencies = [] } = this.#supervisors.get(each)?.definition ?? {}
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
      for (const dependency of this.#supervisors.get(name)?.definition.dependencies ?? []) {
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
