import { DuplicateComponentError } from '../contract/errors.ts'
import type { DefinitionDefaults } from './definition.ts'
import { checkFamily, ComponentFamily } from './family.ts'
import type { FamilyDefinition, FamilyHome } from './family.ts'

/** The families of a coordinator, by name. */
export class Families {
  readonly #home: Omit<FamilyHome, 'unregistered'>
  readonly #byName = new Map<string, ComponentFamily<unknown>>()

  constructor(home: Omit<FamilyHome, 'unregistered'>) {
    this.#home = home
  }

  /** @throws DuplicateComponentError, InvalidOptionsError. */
  register<T>(definition: FamilyDefinition, defaults: DefinitionDefaults): ComponentFamily<T> {
    checkFamily(definition, defaults)
    const { name } = definition
    if (this.#byName.has(name)) throw new DuplicateComponentError(name)
    const family = new ComponentFamily<T>(definition, {
      ...this.#home,
      unregistered: () => this.#byName.delete(name),
    })
    this.#byName.set(name, family as ComponentFamily<unknown>)
    return family
  }

  get(name: string): ComponentFamily<unknown> | undefined {
    return this.#byName.get(name)
  }

  /** A component is being unregistered, by whomever: no family has it as its instance any longer. */
  forget(componentName: string): void {
    for (const family of this.#byName.values()) family.forget(componentName)
  }
}
