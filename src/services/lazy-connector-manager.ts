import { extname } from 'node:path'
import type { ProxyMarked } from 'comlink'
import type { Remote, RemoteStreamOf } from '../channel/remote.ts'
import type { ComponentModule } from '../component/define.ts'
import type { ComponentFamily, FamilyDefinition } from '../component/family.ts'
import { expectKnown } from '../options.ts'
import type { ConnectorConfig } from './connectors/config.ts'
import { ConnectorFactory, expectConnectorId } from './connectors/connector-factory.ts'
import type { ExchangeConnector, MarketDataCallback, SubscriptionEndCallback } from './connectors/connector.ts'
import type { MarketData } from './connectors/market-data.ts'

type ExchangeConnectorModule = ComponentModule<ExchangeConnector, ConnectorConfig>
type ConnectorFamily<T> = Pick<ComponentFamily<T>, 'get' | 'release' | 'list' | 'releaseAll'>

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
export interface ConnectorCoordinator {
  registerFamily<T>(definition: FamilyDefinition): ConnectorFamily<T>
}

export interface LazyConnectorManagerOptions {
  /** The family's name; its instances are called `<name>:<id>`. Default 'exchange-connector'. */
  readonly name?: string
  /** What connector an id stands for. Default: ccxt's exchange of that id. */
  readonly factory?: ConnectorFactory
}

/** Bytes: ccxt (some 40 MB of heap), the markets of a large exchange, and the worker itself. */
const MEMORY_ESTIMATE = 75 * 1024 ** 2

/**
 * Exchange connectors, each in a worker of its own, which starts with the first call: ccxt is loaded there and
 * nowhere else.
 */
export class LazyConnectorManager {
  readonly #family: ConnectorFamily<ExchangeConnectorModule>

  /** @throws InvalidOptionsError for a bad option, DuplicateComponentError when the name is taken. */
  constructor(coordinator: ConnectorCoordinator, options: LazyConnectorManagerOptions = {}) {
    expectKnown(options, ['name', 'factory'])
    const { name = 'exchange-connector', factory = new ConnectorFactory() } = options
    // Source and compiled output lie in the same places relative to each other.
    const ccxtConnector = new URL(`../../workers/exchange-connector${extname(import.meta.filename)}`, import.meta.url)
    this.#family = coordinator.registerFamily<ExchangeConnectorModule>({
      name,
      type: 'connector',
      module: (id) => {
        const recipe = factory.recipe(id)
        return recipe.kind === 'module' ? recipe.module : ccxtConnector
      },
      config: (id) => factory.recipe(id).config,
      memoryEstimate: MEMORY_ESTIMATE,
      timeout: 45_000,
      priority: 25,
    })
  }

  /**
   * The connector of an exchange: a durable remote. Its worker is started by the first call, which rejects with
   * ComponentLoadError when ccxt does not know the exchange; the cause names the nearest ids.
   *
   * @throws InvalidOptionsError when `id` is no id.
   */
  getConnector(id: string): RemoteConnector {
    // The type of a remote keeps one signature of an overloaded method; the remote itself has both.
    return this.#family.get(expectConnectorId(id)) as unknown as RemoteConnector
  }

  /** Ends a connector's worker, and with it its subscriptions. Does nothing when there is none. */
  async releaseConnector(id: string): Promise<void> {
    await this.#family.release(expectConnectorId(id))
  }

  /** Ids of the connectors that were asked for and not released. */
  listActiveConnectors(): string[] {
    return this.#family.list()
  }

  /** Ends the workers of all connectors. Asked for again, they start again. */
  async shutdownAll(): Promise<void> {
    await this.#family.releaseAll()
  }
}
