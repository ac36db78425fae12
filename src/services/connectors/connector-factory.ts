import { DuplicateComponentError, InvalidOptionsError } from '../../worker.ts'
import { checkObject } from '../option-checks.ts'
import { cloneConfig, parseRecipe } from '../user-modules/module-recipe.ts'
import { parseConnectorConfig } from './config.ts'
import type { ConnectorConfig } from './config.ts'

/** Options of a ccxt connector, without its id. */
export type CcxtConnectorOptions = Omit<ConnectorConfig, 'exchange'>

/** What a connector is made of. */
export type ConnectorRecipe =
  /** ccxt's exchange of that id. */
  | { readonly kind: 'ccxt'; readonly config: ConnectorConfig }
  /**
   * The user's own module: a component (a `defineComponent` result, a class, a factory) with the methods of
   * ExchangeConnector.
   */
  | { readonly kind: 'module'; readonly module: URL | string; readonly config: unknown }

/** Says what connector an id stands for: a module registered here, else ccxt's exchange of that id. */
export class ConnectorFactory {
  readonly #modules = new Map<string, Extract<ConnectorRecipe, { kind: 'module' }>>()
  readonly #options = new Map<string, CcxtConnectorOptions>()
  readonly #defaults: CcxtConnectorOptions

  /**
   * @param defaults options of all ccxt connectors.
   * @throws InvalidOptionsError
   */
  constructor(defaults: CcxtConnectorOptions = {}) {
    this.#defaults = parseOptions('defaults', defaults)
  }

  /**
   * The connector of this id comes from the user's module, which is given `config` (a structured clone of it).
   *
   * @throws InvalidOptionsError; DuplicateComponentError when the id is taken.
   */
  register(id: string, module: URL | string, config?: unknown): this {
    const key = this.#free(id)
    this.#modules.set(key, { kind: 'module', ...parseRecipe({ module, config }) })
    return this
  }

  /**
   * Options of one ccxt exchange, which go before the defaults.
   *
   * @throws InvalidOptionsError; DuplicateComponentError when the id is taken.
   */
  configure(id: string, options: CcxtConnectorOptions): this {
    this.#options.set(this.#free(id), parseOptions('options', options))
    return this
  }

  /** @throws InvalidOptionsError when `id` is no id. */
  recipe(id: string): ConnectorRecipe {
    const key = expectConnectorId(id)
    const own = this.#modules.get(key)
    return own ?? { kind: 'ccxt', config: { ...this.#defaults, ...this.#options.get(key), exchange: key } }
  }

  #free(id: string): string {
    const key = expectConnectorId(id)
    if (this.#modules.has(key) || this.#options.has(key)) throw new DuplicateComponentError(`exchange-connector:${key}`)
    return key
  }
}

/** Options as they are given, without defaults: those of one exchange go before those of all. @throws InvalidOptionsError */
function parseOptions(name: string, options: CcxtConnectorOptions): CcxtConnectorOptions {
  checkObject(name, options)
  if ('exchange' in options) throw new InvalidOptionsError('exchange', 'nothing: the id says it', options.exchange)
  parseConnectorConfig({ ...options, exchange: 'any' })
  const copies = Object.entries(options).map(([option, value]) => [option, cloneConfig(value, option)])
  return Object.fromEntries(copies) as CcxtConnectorOptions
}

/** @throws InvalidOptionsError */
export function expectConnectorId(id: unknown): string {
  if (typeof id !== 'string' || !/^[\w.-]{1,64}$/.test(id)) {
    throw new InvalidOptionsError('id', 'an id of letters, digits, "_", "." and "-", such as "binance"', id)
  }
  return id
}
