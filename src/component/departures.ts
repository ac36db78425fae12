import { ComponentNotFoundError } from '../contract/errors.ts'
import type { Registry } from './registry.ts'
import type { Component } from './component.ts'
import type { UnloadReport } from '../contract/unload-report.ts'

/** ms that calls under way are given when a component is unloaded by name. */
export const defaultDrainDeadline = 5_000

/** Unregisters components: their names are free at once, and what is left of them goes as it can. */
export class Departures {
  readonly #registry: Registry
  readonly #forget: (name: string) => void
  /** Of those that left last under their names. */
  readonly #reports = new Map<string, Promise<UnloadReport>>()

  /** @param forget called when one is gone, and before the next of its name is loaded. */
  constructor(registry: Registry, forget: (name: string) => void) {
    this.#registry = registry
    this.#forget = forget
  }

  /**
   * Resolves when nothing is left that another of its name would have to wait for. Asked for again meanwhile, with no other of that name, it is the
   * same report.
   *
   * @throws ComponentNotFoundError
   */
  async unregister(name: string): Promise<UnloadReport> {
    const known = this.#registry.has(name) ? undefined : this.#reports.get(name)
    if (known) return known
    const report = this.#begin(this.#registry.get(name))
    this.#reports.set(name, report)
    try {
      return await report
    } finally {
      if (this.#reports.get(name) === report) this.#reports.delete(name)
    }
  }

  async #begin(component: Component): Promise<UnloadReport> {
    const notFound = new ComponentNotFoundError(component.name)
    const gone = this.#gone(component, notFound)
    this.#registry.leave(component, gone)
    component.stop(notFound)
    const [report] = await Promise.all([component.unload('unregistered', defaultDrainDeadline), gone])
    return report
  }

  /** Resolves when its workers are gone, or were given up on, and so is what it had left for later. */
  async #gone(component: Component, notFound: ComponentNotFoundError): Promise<void> {
    await component.atRest()
    component.close(notFound)
    this.#forget(component.name)
    await component.hibernation.discard()
    this.#removeWhenDead(component)
  }

  /** A zombie is nobody's concern any more, but that a shutdown tells of it. */
  #removeWhenDead(component: Component): void {
    const [zombie] = component.copies.flatMap(({ zombies }) => [...zombies])
    if (zombie) zombie.onExit(() => this.#removeWhenDead(component))
    else this.#registry.removed(component)
  }
}
