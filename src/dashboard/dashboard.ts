import type { AddressInfo } from 'node:net'
import type * as Fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ComponentCoordinator } from '../coordinator.ts'
import { importPackage } from '../base/package-files.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { addActionRoutes } from './action-routes.ts'
import { checkReach, resolveDashboardOptions } from './dashboard-options.ts'
import type { DashboardOptions, ResolvedDashboardOptions } from './dashboard-options.ts'
import { toAnswer } from './http-error.ts'
import { LiveState } from '../live/live-state.ts'
import { LiveStream } from '../live/live-stream.ts'
import { Places } from '../live/places.ts'
import type { PlacesOptions } from '../live/places.ts'
import { openMetrics } from './metrics-source.ts'
import { loadPageAssets } from './page-assets.ts'
import { addReadRoutes } from './read-routes.ts'
import { RequestGuard } from './request-guard.ts'
import type { Access } from './request-guard.ts'

/** Where a dashboard listens. */
export interface DashboardAddress {
  readonly host: string
  readonly port: number
  readonly url: string
}

/** Bytes; actions say little. */
const mostBody = 64 * 1024

/** What tests make shorter. */
export interface DashboardTimes {
  readonly places?: Omit<PlacesOptions, 'most'>
}

interface Started {
  readonly address: DashboardAddress
  readonly running: AsyncDisposable
}

/** Serves a page that shows what the coordinator does, the figures behind it, and, where enabled, ways to intervene. */
export class Dashboard implements AsyncDisposable {
  readonly #coordinator: ComponentCoordinator
  readonly #options: ResolvedDashboardOptions
  readonly #times: DashboardTimes
  #started: Promise<Started> | undefined
  #stopping: Promise<void> | undefined

  constructor(coordinator: ComponentCoordinator, options: DashboardOptions, times: DashboardTimes = {}) {
    this.#coordinator = coordinator
    this.#times = times
    this.#options = resolveDashboardOptions(options)
  }

  /**
   * Listens. Called again while it runs, it gives the same address.
   *
   * @throws InvalidOptionsError for `token` where one is needed and there is none; for `port` when it is in use; for `host` when it is
   * no address of this machine.
   */
  async start(): Promise<DashboardAddress> {
    await this.#stopping
    const started = (this.#started ??= this.#listen())
    try {
      return (await started).address
    } catch (error) {
      if (this.#started === started) this.#started = undefined
      throw error
    }
  }

  /** Ends all connections, event streams included, and stops listening. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined
    })
    await this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #stop(): Promise<void> {
    const started = await this.#started?.catch(() => undefined)
    this.#started = undefined
    await started?.running[Symbol.asyncDispose]()
  }

  async #listen(): Promise<Started> {
    const options = this.#options
    checkReach(options)
    await using opening = new AsyncDisposableStack()
    const assets = await loadPageAssets()
    const headers = headersWith(assets.contentSecurityPolicy)
    const requests = new RequestGuard(options)
    const app = await createApp(requests, headers)
    const metrics = await openMetrics(this.#coordinator, options.registry)
    if (metrics) opening.use(metrics)
    const failed = (error: unknown): void =>
      options.logger?.error({ err: error }, 'the dashboard could not take its figures')
    const stream: LiveStream = new LiveStream(this.#coordinator, () => state, failed)
    const state: LiveState = opening.use(new LiveState(this.#coordinator, options.actions, () => stream.soon()))
    opening.defer(async () => app.close())
    opening.defer(() => stream.close())
    const places = opening.use(new Places({ ...this.#times.places, most: options.maxViewers }))

    guard(app, requests, headers)
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
      acted: (action, component, details) => {
        state.feed.add('action', 'info', component, { action, ...details })
        options.logger?.info({ action, component: component ?? undefined, ...details }, 'asked for on the dashboard')
      },
    })
    const address = await listen(app, options)
    return { address, running: opening.move() }
  }
}

/** Made to an ES module, what it requires of Node fails; then it is taken from where it is installed. */
async function importFastify(): Promise<Pick<typeof Fastify, 'fastify'>> {
  try {
    return await import('fastify')
  } catch {
    return (await importPackage('fastify')) as typeof Fastify
  }
}

async function createApp(requests: RequestGuard, headers: Readonly<Record<string, string>>): Promise<FastifyInstance> {
  const { fastify } = await importFastify().catch((cause: unknown) => {
    throw new Error('The dashboard needs the package "fastify", which could not be imported: npm install fastify', {
      cause,
    })
  })
  const app = fastify({
    logger: false,
    bodyLimit: mostBody,
    forceCloseConnections: true,
    // What is wrong with a URL shows before there is a route, and so before the hooks.
    frameworkErrors: (error, request, reply) => {
      const refusal = requests.check('open', request.headers)
      const { status, body } = refusal
        ? { status: refusal.status, body: { error: { code: refusal.code, message: refusal.message } } }
        : toAnswer(error)
      // Its type asks for the schemas of a route, and there is none.
      void (reply as unknown as FastifyReply).headers(headers).code(status).send(body)
    },
    routerOptions: { maxParamLength: 4_096 },
  })
  app.removeContentTypeParser('text/plain')
  return app
}

/** Nothing is served that the guard has not let through, also where there is no route. */
function guard(app: FastifyInstance, requests: RequestGuard, headers: Readonly<Record<string, string>>): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    // What no route was found for is guarded like figures.
    const { access = 'figures' } = request.routeOptions.config as { access?: Access }
    const refusal = requests.check(access, request.headers)
    if (!refusal) return
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer')
    return reply.code(refusal.status).send({ error: { code: refusal.code, message: refusal.message } })
  })
  app.setNotFoundHandler(async (_, reply) =>
    reply.code(404).send({ error: { code: 'NOT_FOUND', message: 'There is nothing here' } }),
  )
  app.setErrorHandler(async (error, _, reply) => {
    const { status, body } = toAnswer(error)
    return reply.code(status).send(body)
  })
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
