import type { Component } from '../../component/component.ts'
import type { ComponentFamily } from '../../component/family.ts'
import type { Registry } from '../../component/registry.ts'
import { ComponentNotFoundError, InvalidOptionsError } from '../../contract/errors.ts'
import { GateCounts } from './gate.ts'

/** What this host offers of one name. */
export interface Offered {
  readonly name: string
  readonly kind: 'component' | 'family'
  /** Of calls that came through the cluster. */
  readonly counts: GateCounts
}

/** Where what is offered comes from. */
export interface OfferSource {
  readonly registry: Pick<Registry, 'has' | 'get'>
  readonly families: { get(name: string): ComponentFamily<unknown> | undefined }
}

/** The components and families that other hosts can reach here: those that were named, and nothing else. */
export class Offers {
  readonly #source: OfferSource
  readonly #byName = new Map<string, Offered>()
  /** Names of instances that nobody here had asked for before. */
  readonly #made = new Set<string>()

  constructor(source: OfferSource) {
    this.#source = source
  }

  /**
   * All of them or none.
   *
   * @throws ComponentNotFoundError when nothing of that name is registered; InvalidOptionsError when a component and a family have it.
   */
  add(names: readonly string[]): void {
    const added = names.map((name) => ({ name, kind: this.#kindOf(name), counts: new GateCounts() }))
    for (const offer of added) if (!this.#byName.has(offer.name)) this.#byName.set(offer.name, offer)
  }

  get(name: string): Offered | undefined {
    return this.#byName.get(name)
  }

  get list(): readonly Offered[] {
    return [...this.#byName.values()]
  }

  /** Undefined when it was unregistered. */
  component(name: string): Component | undefined {
    const offered = this.#byName.get(name)
    return offered?.kind === 'component' && this.#source.registry.has(name)
      ? this.#source.registry.get(name)
      : undefined
  }

  /** Undefined when it was unregistered. */
  family(name: string): ComponentFamily<unknown> | undefined {
    return this.#byName.get(name)?.kind === 'family' ? this.#source.families.get(name) : undefined
  }

  /** The instance of that key, registered if it was not. Undefined when the family was unregistered. @throws InvalidOptionsError for a bad key. */
  instance(family: string, key: string): Component | undefined {
    const found = this.family(family)
    if (!found) return undefined
    const name = found.componentName(key)
    if (!found.has(key)) this.#made.add(name)
    found.get(key)
    return this.#source.registry.get(name)
  }

  /** An instance is no longer served: it is forgotten, unless somebody here had asked for it before. */
  async forget(family: string, key: string): Promise<void> {
    const found = this.family(family)
    if (found && this.#made.has(found.componentName(key))) await this.release(family, key)
  }

  /** Unloads the instance, whatever it is doing, and forgets it and its state. */
  async release(family: string, key: string): Promise<void> {
    const found = this.family(family)
    if (!found) return
    this.#made.delete(found.componentName(key))
    await found.release(key)
  }

  /** The same, if it is registered. */
  instanceIfAny(family: string, key: string): Component | undefined {
    const name = this.family(family)?.componentName(key)
    return name !== undefined && this.#source.registry.has(name) ? this.#source.registry.get(name) : undefined
  }

  #kindOf(name: string): Offered['kind'] {
    const isFamily = this.#source.families.get(name) !== undefined
    const isComponent = this.#source.registry.has(name)
    if (isFamily && isComponent)
      throw new InvalidOptionsError('names', 'a name of one thing, not of a component and a family', name)
    if (isFamily) return 'family'
    if (isComponent) return 'component'
    throw new ComponentNotFoundError(name)
  }
}
