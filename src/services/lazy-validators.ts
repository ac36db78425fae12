import { InvalidOptionsError } from '../index.ts'
import type { ComponentCoordinator, ComponentModule, Remote } from '../index.ts'
import { LazyFamily } from './lazy-service.ts'
import type { FamilyHost } from './lazy-service.ts'
import type { OrderInput } from './orders/order.ts'
import { sortOptions } from './service-options.ts'
import type { ServiceSettings } from './service-options.ts'
import { ModuleFamily } from './user-modules/module-family.ts'
import type { ModuleRecipe } from './user-modules/module-recipe.ts'

/** What is wrong with an order: the rule it breaks, by a stable name, and how, in words. */
export interface ValidationProblem {
  readonly rule: string
  readonly message: string
}

/** What a validator's module offers. */
export interface OrderValidator<Order = OrderInput> {
  /** What is wrong with the order; an empty array: nothing. */
  validate(order: Order): readonly ValidationProblem[] | Promise<readonly ValidationProblem[]>
}

export type ValidatorModule<Order> = ComponentModule<OrderValidator<Order>>

/** What it asks of a coordinator; a ComponentCoordinator is one. */
export type ValidatorCoordinator = FamilyHost & Pick<ComponentCoordinator, 'getComponent'>

export interface ValidationReport {
  readonly valid: boolean
  readonly problems: readonly (ValidationProblem & { readonly validator: string })[]
}

/** Defaults: name 'validator', memoryEstimate 20 MiB each, timeout (to load) 15,000 ms, callTimeout (loading not included) 5,000 ms, priority 35. */
export type LazyValidatorManagerOptions = ServiceSettings & {
  /** The validators by key; more can be defined later. */
  readonly validators?: Readonly<Record<string, ModuleRecipe>> | undefined
}

/**
 * Validators in workers of their own, one for each key, loaded by their first order. An order that could not be validated is never valid: what
 * went wrong rejects.
 */
export class LazyValidatorManager<Order = OrderInput> extends LazyFamily {
  readonly #coordinator: ValidatorCoordinator
  readonly #family: ModuleFamily<ValidatorModule<Order>>

  /** @throws InvalidOptionsError for a bad option; DuplicateComponentError when the name is taken. */
  constructor(coordinator: ValidatorCoordinator, options: LazyValidatorManagerOptions = {}) {
    const { name = 'validator', settings } = sortOptions(options, ['validators'])
    const defaults = { callTimeout: 5_000, memoryEstimate: 20 * 1024 ** 2, priority: 35, timeout: 15_000 }
    const family = new ModuleFamily<ValidatorModule<Order>>(
      coordinator,
      { ...defaults, ...settings, name, type: 'validator' },
      'validators',
      options.validators ?? {},
    )
    super(coordinator, family)
    this.#coordinator = coordinator
    this.#family = family
  }

  /**
   * Makes a validator known. Nothing is loaded.
   *
   * @throws DuplicateComponentError when the key is taken; InvalidOptionsError.
   */
  define(key: string, validator: ModuleRecipe): void {
    this.#family.define(key, validator)
  }

  /**
   * @throws ComponentNotFoundError for a key that was not defined; InvalidOptionsError when the validator answers with anything but problems;
   * what it throws; what made its load or its call impossible.
   */
  async validate(key: string, order: Order): Promise<ValidationReport> {
    const remote = this.#family.remote(key)
    // Its deadline is for the validation: the first order does not pay for the load.
    await this.#coordinator.getComponent(this.#family.componentName(key))
    // Typed through the remote's own signature, which a generic argument does not resolve.
    const { validate } = remote as { validate(this: void, order: Order): Promise<unknown> }
    const answer = await validate(order)
    if (!Array.isArray(answer) || !answer.every(isProblem)) {
      throw new InvalidOptionsError(`${key}.validate()`, 'an array of { rule, message }', answer)
    }
    const problems = answer.map(({ rule, message }) => ({ rule, message, validator: key }))
    return { valid: problems.length === 0, problems }
  }

  /**
   * All validators, or those named, side by side: valid only if all say so.
   *
   * @throws as `validate`; an AggregateError when several went wrong.
   */
  async validateAll(order: Order, keys: readonly string[] = this.keys()): Promise<ValidationReport> {
    const results = await Promise.allSettled(keys.map(async (key) => this.validate(key, order)))
    const errors = results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown)
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} validators went wrong`)
    const problems = results.flatMap((result) => (result.status === 'fulfilled' ? result.value.problems : []))
    return { valid: problems.length === 0, problems }
  }

  /** The remote of a validator, for methods of its own. @throws ComponentNotFoundError for a key that was not defined. */
  validator<T = ValidatorModule<Order>>(key: string): Remote<T> {
    return this.#family.remote<T>(key)
  }

  keys(): string[] {
    return this.#family.keys()
  }

  /** Unloads a validator and forgets it. @throws ComponentNotFoundError for a key that was not defined. */
  async remove(key: string): Promise<void> {
    await this.#family.remove(key)
  }
}

function isProblem(value: unknown): value is ValidationProblem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'rule' in value &&
    typeof value.rule === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  )
}
