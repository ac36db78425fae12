import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { ComponentCoordinator } from '../coordinator.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { addActionRoutes } from './action-routes.ts'
import { Audit } from './audit.ts'
import { checkReach, resolveDashboardOptions, weakness } from './dashboard-options.ts'
import type { DashboardOptions, ResolvedDashboardOptions } from './dashboard-options.ts'
import { Gate } from './gate.ts'
import { createApp, httpTimes } from './http-app.ts'
import type { HttpTimes } from './http-app.ts'
import { LiveState } from '../live/live-state.ts'
import { LiveStream } from '../live/live-stream.ts'
import { Places } from '../live/places.ts'
import type { PlacesOptions } from '../live/places.ts'
import { openMetrics } from './metrics-source.ts'
import { loadPageAssets } from './page-assets.ts'
import { addReadRoutes } from './read-routes.ts'
import type { GuardedLogger } from '../observability/guarded-logger.ts'

/** Where a dashboard listens. */
export interface DashboardAddress {
  readonly host: string
  readonly port: number
  readonly url: string
}

/** What tests make shorter. */
export interface DashboardTimes {
  readonly places?: Omit<PlacesOptions, 'most'>
  readonly http?: HttpTimes
}

interface Running {
  readonly kind: 'running'
  readonly address: DashboardAddress
  readonly parts: AsyncDisposable
}

type State = { readonly kind: 'stopped' } | Running

/** Serves a page that shows what the coordinator does, the figures behind it, and, where enabled, ways to intervene. */
export class Dashboard implements AsyncDisposable {
  readonly #coordinator: ComponentCoordinator
  readonly #options: ResolvedDashboardOptions
  readonly #times: DashboardTimes
  readonly #logger: GuardedLogger
  #state: State = { kind: 'stopped' }
  /** The last start or stop that was asked for: each begins when the one before is done, so that none misses what another has just opened. */
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(coordinator: ComponentCoordinator, options: DashboardOptions, times: DashboardTimes = {}) {
    this.#coordinator = coordinator
    this.#times = times
    this.#options = resolveDashboardOptions(options)
    const { logger } = coordinator.parts
    this.#logger = this.#options.logger ? logger.guard(this.#options.logger) : logger
  }

  /**
   * Listens. Called again while it runs, it gives the same address; called while it stops, it starts afterwards.
   *
   * @throws InvalidOptionsError for `token` where one is needed and there is none; for `port` when it is in use; for `host` when it is
   * no address of this machine.
   */
  async start(): Promise<DashboardAddress> {
    return this.#inTurn(async () => {
      if (this.#state.kind === 'stopped') this.#state = await this.#listen()
      return this.#state.address
    })
  }

  /** Ends all connections, event streams included, and stops listening; called while it starts, as soon as it has. Idempotent. */
  async stop(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state.kind === 'stopped') return
      const { parts } = this.#state
      this.#state = { kind: 'stopped' }
      await parts[Symbol.asyncDispose]()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => {})
    return turn
  }

  async #listen(): Promise<Running> {
    const options = this.#options
    checkReach(options)
    await using opening = new AsyncDisposableStack()
    const assets = await loadPageAssets()
    const headers = headersWith(assets.contentSecurityPolicy)
    const audit = opening.use(new Audit({ logger: this.#logger, token: options.token }))
    const app = await createApp({
      gate: new Gate(options),
      audit,
      headers,
      maxViewers: options.maxViewers,
      times: this.#times.http ?? httpTimes,
    })
    const metrics = await openMetrics(this.#coordinator, options.registry)
    if (metrics) opening.use(metrics)
    const stream: LiveStream = new LiveStream(
      this.#coordinator,
      () => state,
      (error) => audit.failed(error),
    )
    const state: LiveState = opening.use(new LiveState(this.#coordinator, options.actions, () => stream.soon()))
    opening.defer(async () => app.close())
    opening.defer(() => stream.close())
    const places = opening.use(new Places({ ...this.#times.places, most: options.maxViewers }))

    addReadRoutes(app, {
      coordinator: this.#coordinator,
      state,
      stream,
      assets,
      places,
      headers,
      metrics: metrics?.registry,
    })
    addActionRoutes(app, {
      coordinator: this.#coordinator,
      audit,
      acted: (action, component, details) => state.feed.add('action', 'info', component, { action, ...details }),
    })
    const weak = weakness(options)
    if (weak !== undefined) audit.warn(weak)
    const address = await listen(app, options)
    return { kind: 'running', address, parts: opening.move() }
  }
}

async function listen(app: FastifyInstance, { host, port }: ResolvedDashboardOptions): Promise<DashboardAddress> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') throw new InvalidOptionsError('port', `a port that is free on ${host}`, port, { cause })
    if (code === 'EACCES') throw new InvalidOptionsError('port', 'a port that this user may open', port, { cause })
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new InvalidOptionsError('host', 'an address of this machine', host, { cause })
    }
    throw cause
  }
  const { port: actual } = app.server.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return { host, port: actual, url: `http://${name.includes(':') ? `[${name}]` : name}:${actual}` }
}

function headersWith(contentSecurityPolicy: string): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  }
}
