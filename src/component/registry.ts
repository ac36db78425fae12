import { ComponentNotFoundError, DependencyCycleError, DuplicateComponentError } from '../contract/errors.ts'
import type { Component } from './component.ts'
import type { Supervisor } from './supervisor.ts'

/** The registered components, those that were unregistered and are not gone yet, and who depends on whom. */
export class Registry {
  readonly #registered = new Map<string, Component>()
  /** Unregistered: their names are free, and what is left of them goes as it can. With what resolves when each is gone. */
  readonly #leaving = new Map<Component, Promise<void>>()
  /** For each name, also one not registered yet: who declared it as a dependency. */
  readonly #dependents = new Map<string, Set<Component>>()

  get registered(): Iterable<Component> {
    return this.#registered.values()
  }

  /** Copies of those. */
  get registeredCopies(): readonly Supervisor[] {
    return copiesOf(this.#registered.values())
  }

  /** Also those that are leaving. */
  get components(): readonly Component[] {
    return [...this.#leaving.keys(), ...this.#registered.values()]
  }

  /** Copies of those. */
  get all(): readonly Supervisor[] {
    return copiesOf(this.components)
  }

  /** @throws ComponentNotFoundError */
  get(name: string): Component {
    const component = this.#registered.get(name)
    if (!component) throw new ComponentNotFoundError(name, { known: [...this.#registered.keys()].slice(0, 50) })
    return component
  }

  has(name: string): boolean {
    return this.#registered.has(name)
  }

  /** The one of that name that is registered, and those that are leaving. */
  *allNamed(name: string): Iterable<Component> {
    for (const component of this.#leaving.keys()) if (component.name === name) yield component
    const registered = this.#registered.get(name)
    if (registered) yield registered
  }

  isLeaving(component: Component): boolean {
    return this.#leaving.has(component)
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

  add(component: Component): void {
    // A copy of another one may have the name just now.
    const owner = component.name.slice(0, Math.max(0, component.name.lastIndexOf('#')))
    for (const each of this.allNamed(owner)) each.yieldName(component.name)
    this.#registered.set(component.name, component)
    for (const dependency of component.definition.dependencies) {
      const dependents = this.#dependents.get(dependency) ?? new Set()
      this.#dependents.set(dependency, dependents.add(component))
    }
  }

  /** Its name is free from now on. It is still among `all`, and depends on what it did, until it is `removed`. */
  leave(component: Component, gone: Promise<void>): void {
    this.#registered.delete(component.name)
    this.#leaving.set(component, gone)
  }

  /** Nothing is left of one that was leaving. */
  removed(component: Component): void {
    this.#leaving.delete(component)
    for (const dependency of component.definition.dependencies) {
      const dependents = this.#dependents.get(dependency)
      dependents?.delete(component)
      if (dependents?.size === 0) this.#dependents.delete(dependency)
    }
  }

  /** Resolves once those that had its name before it are gone. */
  async predecessorsGone({ component }: Supervisor): Promise<void> {
    await Promise.all(Array.from(this.allNamed(component), async (each) => this.#leaving.get(each)))
  }

  /** Also those that are leaving. */
  dependentsOf(name: string): Component[] {
    return [...(this.#dependents.get(name) ?? [])]
  }

  /** Copies of those. */
  dependentCopiesOf(name: string): readonly Supervisor[] {
    return copiesOf(this.#dependents.get(name) ?? [])
  }

  /** True while something that depends on its component is loaded, or being loaded or unloaded, and no other copy serves. */
  isNeeded(copy: Supervisor): boolean {
    return !copy.isOneOfSeveral && this.dependentsOf(copy.component).some(({ isLoaded }) => isLoaded)
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

function copiesOf(components: Iterable<Component>): Supervisor[] {
  return Array.from(components, ({ copies }) => copies).flat()
}
