import type { ProxyMarked } from 'comlink'
import { InvalidOptionsError } from '../index.ts'
import type { ComponentModule, Remote, RemoteStreamOf } from '../index.ts'
import type { ConnectorConfig } from './connectors/config.ts'
import { ConnectorFactory, expectConnectorId } from './connectors/connector-factory.ts'
import type { ExchangeConnector, MarketDataCallback, SubscriptionEndCallback } from './connectors/connector.ts'
import { keptBan } from './connectors/kept-bans.ts'
import type { MarketData } from './connectors/market-data.ts'
import { LazyFamily } from './lazy-service.ts'
import type { FamilyHost, HostedFamily } from './lazy-service.ts'
import { sortOptions } from './service-options.ts'
import type { ServiceSettings } from './service-options.ts'

type ExchangeConnectorModule = ComponentModule<ExchangeConnector, ConnectorConfig>
/** A connector as its callers see it. Callbacks are passed with `proxy()`. */
export interface RemoteConnector extends Omit<Remote<ExchangeConnectorModule>, 'subscribeMarketData'> {
  subscribeMarketData(symbol: string): RemoteStreamOf<MarketData, void>
  subscribeMarketData(
    symbol: string,
    callback: MarketDataCallback & ProxyMarked,
    onEnd?: SubscriptionEndCallback & ProxyMarked,
  ): Promise<string>
}

/** What the manager asks of a coordinator; a ComponentCoordinator is one. */
export type ConnectorCoordinator = FamilyHost

/**
 * The components are called `<name>:<id>`. Defaults: name 'exchange-connector', memoryEstimate 75 MiB each, timeout (to load) 45,000 ms, priority
 * 25.
 */
export type LazyConnectorManagerOptions = ServiceSettings & {
  /** What connector an id stands for. Default: ccxt's exchange of that id. */
  readonly factory?: ConnectorFactory | undefined
}

/** Bytes: ccxt (some 40 MB of heap), the markets of a large exchange, and the worker itself. */
const MEMORY_ESTIMATE = 75 * 1024 ** 2

/**
 * Exchange connectors, each in a worker of its own, which starts with the first call: ccxt is loaded there and
 * nowhere else. Who gets one holds it until it is released; the last release ends it. For how long an exchange wants no requests is remembered for
 * as long as the coordinator lives, whatever becomes of the connector.
 */
export class LazyConnectorManager extends LazyFamily {
  readonly #host: ConnectorCoordinator
  readonly #family: HostedFamily<ExchangeConnectorModule>
  /** How many hold a connector. */
  readonly #holders = new Map<string, number>()

  /** @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken. */
  constructor(coordinator: ConnectorCoordinator, options: LazyConnectorManagerOptions = {}) {
    const { name = 'exchange-connector', settings } = sortOptions(options, ['factory'])
    const { factory = new ConnectorFactory() } = options
    if (!(factory instanceof ConnectorFactory)) throw new InvalidOptionsError('factory', 'a ConnectorFactory', factory)
    const family = coordinator.registerFamily<ExchangeConnectorModule>({
      memoryEstimate: MEMORY_ESTIMATE,
      timeout: 45_000,
      priority: 25,
      ...settings,
      name,
      type: 'connector',
      module: (id) => {
        const recipe = factory.recipe(id)
        return recipe.kind === 'module' ? recipe.module : 'spillway/services/exchange-connector'
      },
      config: (id) => {
        const { kind, config } = factory.recipe(id)
        return kind === 'module' ? config : { ...config, ban: keptBan(coordinator, config) }
      },
    })
    super(coordinator, {
      name,
      componentNames: () => family.list().map((id) => family.componentName(id)),
      unregister: async () => family.unregister(),
    })
    this.#host = coordinator
    this.#family = family
  }

  /**
   * The connector of an exchange: a durable remote, held once more. Its worker is started by the first call, which rejects with
   * ComponentLoadError when ccxt does not know the exchange; the cause names the nearest ids.
   *
   * While the last release, or `shutdownAll`, is still ending the worker of that exchange, the first call waits until it is gone.
   *
   * @throws InvalidOptionsError when `id` is no id; ComponentNotFoundError after `shutdown`.
   */
  getConnector(id: string): RemoteConnector {
    const key = expectConnectorId(id)
    const holders = this.#family.has(key) ? (this.#holders.get(key) ?? 0) : 0
    // The type of a remote keeps one signature of an overloaded method; the remote itself has both.
    const connector = this.#family.get(key) as unknown as RemoteConnector
    this.#holders.set(key, holders + 1)
    return connector
  }

  /**
   * Gives a connector back, once for each time it was got. The last one to do so ends its worker, and with it its subscriptions; its remotes
   * reject with ComponentNotFoundError from then on. Does nothing when there is none.
   */
  async releaseConnector(id: string): Promise<void> {
    const key = expectConnectorId(id)
    const left = (this.#holders.get(key) ?? 1) - 1
    if (left > 0) {
      this.#holders.set(key, left)
      return
    }
    this.#holders.delete(key)
    await this.#family.release(key)
  }

  /** Ids of the connectors that somebody holds, but for those that could never be loaded: of an exchange that there is not, say. */
  listActiveConnectors(): string[] {
    return this.#family.list().filter((id) => {
      const { generation, loads, state } = this.#host.info(this.#family.componentName(id))
      return generation === 0 || loads > 0 || state === 'loading'
    })
  }

  /** Ends the workers of all connectors, whoever holds them. Asked for again, they start again. */
  async shutdownAll(): Promise<void> {
    this.#holders.clear()
    await this.#family.releaseAll()
  }
}
