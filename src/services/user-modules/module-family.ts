import type { FamilyDefinition } from '../../index.ts'
import { ComponentNotFoundError, DuplicateComponentError, InvalidOptionsError } from '../../worker.ts'
import type { Remote } from '../../worker.ts'
import type { FamilyHost, HostedFamily } from '../lazy-service.ts'
import { checkKnown, checkObject, checkText } from '../option-checks.ts'
import { parseRecipe } from './module-recipe.ts'
import type { ModuleRecipe } from './module-recipe.ts'

/** What a family of modules asks of a coordinator. */
export type ModuleFamilyCoordinator = Pick<FamilyHost, 'registerFamily'>

/** Components of one kind, each with a module and a configuration of its own, made known by key. */
export class ModuleFamily<T> {
  readonly name: string
  readonly #recipes = new Map<string, ModuleRecipe>()
  readonly #family: HostedFamily<T>

  /**
   * @param option the name of the option that `recipes` are.
   * @throws DuplicateComponentError when there is a family of that name; InvalidOptionsError. Then nothing is registered.
   */
  constructor(
    coordinator: ModuleFamilyCoordinator,
    definition: Omit<FamilyDefinition, 'module' | 'config'>,
    option: string,
    recipes: Readonly<Record<string, ModuleRecipe>>,
  ) {
    this.name = definition.name
    for (const [key, recipe] of Object.entries(checkObject(option, recipes))) {
      this.#recipes.set(key, parseNamedRecipe(key, recipe))
    }
    this.#family = coordinator.registerFamily<T>({
      ...definition,
      module: (key) => this.#recipe(key).module,
      config: (key) => this.#recipe(key).config,
    })
  }

  /** @throws DuplicateComponentError when the key is taken; InvalidOptionsError. */
  define(key: string, recipe: ModuleRecipe): void {
    const parsed = parseNamedRecipe(key, recipe)
    if (this.#recipes.has(key)) throw new DuplicateComponentError(this.componentName(key))
    this.#recipes.set(key, parsed)
  }

  keys(): string[] {
    return [...this.#recipes.keys()]
  }

  /** The name that its component is registered under, from the first use on. */
  componentName(key: string): string {
    return this.#family.componentName(key)
  }

  /** Those of the components that are registered just now. */
  componentNames(): string[] {
    return this.#family.list().map((key) => this.componentName(key))
  }

  /** Unloads and unregisters all components, and gives up the family's name; from then on `remote` throws ComponentNotFoundError. */
  async unregister(): Promise<void> {
    await this.#family.unregister()
  }

  /** Whether its component is registered. */
  has(key: string): boolean {
    return this.#family.has(key)
  }

  /** @throws ComponentNotFoundError for a key that was not defined; it names those that were. */
  remote<R = T>(key: string): Remote<R> {
    this.#recipe(key)
    // What a module offers is said by whoever defined it.
    return this.#family.get(key) as unknown as Remote<R>
  }

  /** Unloads the component for good, and forgets its module; the key is free at once. */
  async remove(key: string): Promise<void> {
    this.#recipe(key)
    const released = this.#family.release(key)
    this.#recipes.delete(key)
    await released
  }

  #recipe(key: string): ModuleRecipe {
    const recipe = this.#recipes.get(key)
    if (!recipe) {
      const known = this.keys().map((each) => this.componentName(each))
      throw new ComponentNotFoundError(this.componentName(key), { known })
    }
    return recipe
  }
}

/** A coordinator's rule for keys, which it looks at with the first use. */
const keyPattern = /^\P{Cc}{1,200}$/u

/** @throws InvalidOptionsError */
function parseNamedRecipe(key: string, recipe: ModuleRecipe): ModuleRecipe {
  if (!keyPattern.test(checkText('key', key)) || !key.isWellFormed()) {
    throw new InvalidOptionsError(
      'key',
      'a well-formed string of 1 to 200 characters, none of them a control character',
      key,
    )
  }
  checkKnown(checkObject(key, recipe), ['module', 'config'], `${key}.`)
  return parseRecipe(recipe, `${key}.`)
}
