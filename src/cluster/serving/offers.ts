import type { Component } from '../../component/component.ts'
import type { ComponentFamily } from '../../component/family.ts'
import type { Registry } from '../../component/registry.ts'
import { ComponentNotFoundError, InvalidOptionsError } from '../../contract/errors.ts'
import { GateMeter } from './gate-meter.ts'

/** What this host offers of one name: what was registered when it was offered, and nothing that is registered under that name later. */
export type Offered = {
  readonly name: string
  /** Of calls that came through the cluster. */
  readonly counts: GateMeter
} & Registered

type Registered =
  | { readonly kind: 'component'; readonly component: Component }
  | {
      readonly kind: 'family'
      readonly family: ComponentFamily<unknown>
      /** Keys of instances that nobody here had asked for before. */
      readonly made: Set<string>
    }

/** Where what is offered comes from. */
export interface OfferSource {
  readonly registry: Pick<Registry, 'has' | 'get'>
  readonly families: { get(name: string): ComponentFamily<unknown> | undefined }
  /** A family that was offered was unregistered. */
  readonly onFamilyGone: (family: ComponentFamily<unknown>) => void
}

/** The components and families that other hosts can reach here: those that were named, and nothing else. An offer is over when what it holds is unregistered. */
export class Offers {
  readonly #source: OfferSource
  readonly #byName = new Map<string, Offered>()

  constructor(source: OfferSource) {
    this.#source = source
  }

  /**
   * All of them or none.
   *
   * @throws ComponentNotFoundError when nothing of that name is registered; InvalidOptionsError when a component and a family have it.
   */
  add(names: readonly string[]): void {
    const added = names.map((name): Offered => ({ name, counts: new GateMeter(), ...this.#registered(name) }))
    for (const offered of added) if (!this.get(offered.name)) this.#byName.set(offered.name, offered)
  }

  /** Undefined when it was unregistered. */
  get(name: string): Offered | undefined {
    const offered = this.#byName.get(name)
    if (!offered || this.#isRegistered(offered)) return offered
    this.#byName.delete(name)
    if (offered.kind === 'family') this.#source.onFamilyGone(offered.family)
    return undefined
  }

  get list(): readonly Offered[] {
    return [...this.#byName.keys()].flatMap((name) => this.get(name) ?? [])
  }

  /** Undefined when it was unregistered. */
  component(name: string): Component | undefined {
    const offered = this.get(name)
    return offered?.kind === 'component' ? offered.component : undefined
  }

  /** Undefined when it was unregistered. */
  family(name: string): ComponentFamily<unknown> | undefined {
    return this.#family(name)?.family
  }

  /** The instance of that key, registered if it was not. Undefined when the family was unregistered. @throws InvalidOptionsError for a bad key. */
  instance(name: string, key: string): Component | undefined {
    const offered = this.#family(name)
    if (!offered) return undefined
    const { family, made } = offered
    if (!family.has(key)) made.add(key)
    family.get(key)
    return this.#source.registry.get(family.componentName(key))
  }

  /** An instance is no longer served: it is forgotten, unless somebody here had asked for it before. */
  async forget(name: string, key: string): Promise<void> {
    if (this.#family(name)?.made.has(key) === true) await this.release(name, key)
  }

  /** Unloads the instance, whatever it is doing, and forgets it and its state. */
  async release(name: string, key: string): Promise<void> {
    const offered = this.#family(name)
    if (!offered) return
    offered.made.delete(key)
    await offered.family.release(key)
  }

  /** The same, if it is registered. */
  instanceIfAny(family: string, key: string): Component | undefined {
    const name = this.family(family)?.componentName(key)
    return name !== undefined && this.#source.registry.has(name) ? this.#source.registry.get(name) : undefined
  }

  #family(name: string): Extract<Offered, { kind: 'family' }> | undefined {
    const offered = this.get(name)
    return offered?.kind === 'family' ? offered : undefined
  }

  #isRegistered(offered: Offered): boolean {
    const { registry, families } = this.#source
    if (offered.kind === 'family') return families.get(offered.name) === offered.family
    return registry.has(offered.name) && registry.get(offered.name) === offered.component
  }

  #registered(name: string): Registered {
    const { registry, families } = this.#source
    const family = families.get(name)
    const isComponent = registry.has(name)
    if (family && isComponent)
      throw new InvalidOptionsError('names', 'a name of one thing, not of a component and a family', name)
    if (family) return { kind: 'family', family, made: new Set() }
    if (isComponent) return { kind: 'component', component: registry.get(name) }
    throw new ComponentNotFoundError(name)
  }
}
