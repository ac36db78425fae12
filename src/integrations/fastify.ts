import '../base/supported-node.ts'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ComponentDefinition } from '../contract/component-definition.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import type { CoordinatorOptions } from '../contract/coordinator-options.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import {
  expectKnown,
  expectNumber,
  expectRecord,
  expectString,
  expectStrings,
  orDefault,
} from '../base/option-checks.ts'
import { Health } from './health.ts'
import type { HealthOptions, HealthReport } from './health.ts'
import { WorkInFlight } from './work-in-flight.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The coordinator of this server's components. */
    spillway: ComponentCoordinator
  }
}

export interface SpillwayFastifyOptions extends HealthOptions {
  /** A coordinator of the program's own, or the options of one to be made. Default: one with its defaults, which logs through Fastify's logger. */
  readonly coordinator?: ComponentCoordinator | CoordinatorOptions
  /** Registered before the server starts. */
  readonly components?: readonly ComponentDefinition[]
  /** Names of components to be loaded before the server is ready. */
  readonly preload?: readonly string[]
  /** Paths of the probes, or false for none. Default '/health/live' and '/health/ready'. */
  readonly routes?: { readonly liveness?: string; readonly readiness?: string } | false
  /** Shut the coordinator down when the server closes. Default true. */
  readonly shutdown?: boolean
  /** ms that requests under way are given when the server closes, before the coordinator is shut down. Default 10,000. */
  readonly closeTimeout?: number
  /** Signals that close the server, after `drainDelay`. Default none: the program closes it. */
  readonly signals?: readonly NodeJS.Signals[]
  /**
   * ms between such a signal and the close. Meanwhile everything is served, but the readiness probe says no and connections end with their next
   * response: a load balancer that looks at the probe sends the rest elsewhere, and no request meets a closed door. Default 0.
   */
  readonly drainDelay?: number
}

/** setTimeout's own limit. */
const longest = 2 ** 31 - 1

/**
 * Fastify plugin: `fastify.spillway` is the coordinator; when the server closes, requests under way are waited for, then the components are
 * unloaded; probes tell of memory pressure.
 *
 * @throws InvalidOptionsError, and what the registrations of `components` throw, when the plugin is loaded.
 */
export const spillway: FastifyPluginAsync<SpillwayFastifyOptions> = async (fastify, options) => {
  const { closeTimeout, drainDelay, preload, routes, shutdown, signals } = resolveOptions(options)
  const coordinator = coordinatorOf(options, fastify)
  let health: Health
  try {
    for (const definition of options.components ?? []) coordinator.registerComponent(definition)
    health = new Health(coordinator, healthOptions(options))
  } catch (error) {
    if (coordinator !== options.coordinator) await coordinator.shutdown()
    throw error
  }
  const requests = new WorkInFlight<FastifyRequest>()
  fastify.decorate('spillway', coordinator)
  trackRequests(fastify, requests, health)
  if (routes) addProbes(fastify, routes, health)
  if (preload.length > 0) fastify.addHook('onReady', async () => coordinator.preload(preload))

  const stopListening = onSignals(signals, async () => {
    await health.drain(drainDelay)
    await fastify.close().catch((error: unknown) => fastify.log.error({ err: error }, 'the server did not close well'))
  })
  fastify.addHook('preClose', async () => health.drain(0))
  // Fastify has answered what came over its sockets by now; a request whose client went away, or that was injected, may be under way.
  fastify.addHook('onClose', async () => {
    stopListening()
    if (!(await requests.over(closeTimeout))) {
      fastify.log.warn(
        { requests: requests.size },
        `requests still under way ${closeTimeout} ms after the server closed`,
      )
    }
    if (shutdown) await coordinator.shutdown()
    health.close()
  })
}
export default spillway

// What fastify-plugin does: the decorator and the hooks belong to the instance the plugin is registered on.
Object.assign(spillway, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'spillway',
  [Symbol.for('plugin-meta')]: { name: 'spillway', fastify: '5.x' },
})

/** Those of Fastify's own, which it leaves in, are none of the plugin's. */
const OPTIONS = [
  'coordinator',
  'components',
  'preload',
  'routes',
  'shutdown',
  'closeTimeout',
  'signals',
  'drainDelay',
  'unreadyAt',
  'unhealthyAfter',
  'prefix',
  'logLevel',
  'logSerializers',
  'encapsulate',
]

type Routes = { readonly liveness: string; readonly readiness: string }

interface ResolvedOptions {
  readonly closeTimeout: number
  readonly drainDelay: number
  readonly preload: readonly string[]
  readonly routes: Routes | undefined
  readonly shutdown: boolean
  readonly signals: readonly string[]
}

function resolveOptions(options: SpillwayFastifyOptions): ResolvedOptions {
  expectKnown(options, OPTIONS)
  const { routes = {}, shutdown = true } = options
  if (typeof shutdown !== 'boolean') throw new InvalidOptionsError('shutdown', 'true or false', shutdown)
  return {
    closeTimeout: expectNumber('closeTimeout', orDefault(options.closeTimeout, 10_000), { min: 0, max: longest }),
    drainDelay: expectNumber('drainDelay', orDefault(options.drainDelay, 0), { min: 0, max: longest }),
    preload: expectStrings('preload', orDefault(options.preload, [])),
    routes: routes === false ? undefined : resolveRoutes(routes),
    shutdown,
    signals: expectStrings('signals', orDefault(options.signals, [])),
  }
}

function resolveRoutes(routes: Partial<Routes>): Routes {
  expectRecord('routes', routes)
  expectKnown(routes, ['liveness', 'readiness'], 'routes.')
  return {
    liveness: expectString('routes.liveness', orDefault(routes.liveness, '/health/live')),
    readiness: expectString('routes.readiness', orDefault(routes.readiness, '/health/ready')),
  }
}

function healthOptions({ unreadyAt, unhealthyAfter }: SpillwayFastifyOptions): HealthOptions {
  return { ...(unreadyAt !== undefined && { unreadyAt }), ...(unhealthyAfter !== undefined && { unhealthyAfter }) }
}

function coordinatorOf({ coordinator = {} }: SpillwayFastifyOptions, { log }: FastifyInstance): ComponentCoordinator {
  if (coordinator instanceof ComponentCoordinator) return coordinator
  return new ComponentCoordinator({ logger: log, ...coordinator })
}

/** A request is under way until its response is out, or, when its client has gone, until its handler has come to an end. */
function trackRequests(fastify: FastifyInstance, requests: WorkInFlight<FastifyRequest>, health: Health): void {
  const aborted = new WeakSet<FastifyRequest>()
  const answered = new WeakSet<FastifyRequest>()
  fastify.addHook('onRequest', async (request) => requests.begin(request))
  fastify.addHook('onSend', async (request, reply: FastifyReply) => {
    answered.add(request)
    if (aborted.has(request)) requests.end(request)
    else if (health.draining && request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
  })
  fastify.addHook('onRequestAbort', async (request) => {
    aborted.add(request)
    if (answered.has(request)) requests.end(request)
  })
  fastify.addHook('onResponse', async (request) => requests.end(request))
}

function addProbes(fastify: FastifyInstance, { liveness, readiness }: Routes, health: Health): void {
  const probe = (path: string, report: () => HealthReport): void => {
    fastify.get(path, { logLevel: 'warn' }, async (_request, reply) => {
      const answer = report()
      return reply
        .code(answer.ok ? 200 : 503)
        .header('cache-control', 'no-store')
        .send(answer)
    })
  }
  probe(liveness, () => health.liveness())
  probe(readiness, () => health.readiness())
}

/** @returns stops listening. */
function onSignals(signals: readonly string[], react: () => Promise<void>): () => void {
  let reacted: Promise<void> | undefined
  const listener = (): void => {
    reacted ??= react()
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}
