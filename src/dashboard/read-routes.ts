import type { FastifyInstance } from 'fastify'
import type { PressureLevel } from '../contract/pressure-level.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { HttpError } from '../live/http-error.ts'
import type { LiveState } from '../live/live-state.ts'
import type { LiveStream } from '../live/live-stream.ts'
import type { Places } from '../live/places.ts'
import type { PageAssets } from './page-assets.ts'
import { guarded } from './request-guard.ts'
import { span, usualPoints } from '../live/memory-history.ts'
import { schemas } from '../live/schemas.ts'
import { whenClosed } from './when-closed.ts'

export interface ReadRoutes {
  readonly coordinator: ComponentCoordinator
  readonly state: LiveState
  readonly stream: LiveStream
  readonly assets: PageAssets
  readonly places: Places
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: prom-client is not installed. */
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> } | undefined
}

const open = guarded('open')
const figures = (path: keyof typeof schemas) => ({
  ...guarded('figures'),
  schema: { response: { 200: schemas[path] } },
})
const levels: readonly string[] = ['low', 'medium', 'high', 'critical']
/** Seconds after which a viewer may ask again: by then those that stalled have been without a sign of life for long enough to be asked. */
const retryAfter = 10
/** Points of a timeline that are given at most. */
const mostPoints = 2_000

/** Everything that is asked for with GET. */
export function addReadRoutes(app: FastifyInstance, routes: ReadRoutes): void {
  const { coordinator, state, stream, places, assets } = routes
  for (const [path, { type, body }] of assets.files)
    app.get(path, open, async (_, reply) => reply.type(type).send(body))

  app.get('/api/components', figures('/api/components'), async () => {
    const { plan, view } = state.plan()
    return { components: state.views.all(plan), plan: view }
  })
  app.get<{ Params: { name: string }; Querystring: Record<string, unknown> }>(
    '/api/components/:name',
    figures('/api/components/:name'),
    async ({ params: { name }, query }) =>
      state.detail(name, wholeNumber('points', query['points'] ?? usualPoints, mostPoints), back(query)),
  )
  app.get('/api/memory', figures('/api/memory'), async () => state.memory())
  app.get<{ Querystring: Record<string, unknown> }>(
    '/api/memory/history',
    figures('/api/memory/history'),
    async ({ query }) =>
      state.history.view(
        wholeNumber('points', query['points'] ?? usualPoints, mostPoints),
        wholeNumber('largest', query['largest'] ?? 10, 1_000),
        back(query),
      ),
  )
  app.get<{ Querystring: Record<string, unknown> }>('/api/plan', figures('/api/plan'), async ({ query }) =>
    state.planShown(pressureLevel(query['level'])),
  )
  app.get('/api/advice', figures('/api/advice'), async () => ({ advice: coordinator.advice() }))
  app.get('/api/cluster', figures('/api/cluster'), async () => {
    state.cluster.ask()
    const cluster = state.cluster.snapshot()
    if (!cluster) throw new HttpError(404, 'NO_CLUSTER', 'This program has not joined a cluster')
    return cluster
  })
  app.get('/api/schemas', guarded('figures'), async () => schemas)
  app.get('/api/events', { ...guarded('figures'), exposeHeadRoute: false }, async (_, reply) => {
    const place = await places.take(whenClosed(reply.raw))
    if (!place) {
      reply.header('retry-after', retryAfter)
      throw new HttpError(
        503,
        'TOO_MANY_VIEWERS',
        `All ${places.most} places for viewers are taken by viewers that read`,
      )
    }
    reply.hijack()
    stream.join(reply.raw, routes.headers, place)
  })
  // The answer to the event `alive`.
  app.post<{ Params: { id: string } }>('/api/viewers/:id', guarded('figures'), async ({ params: { id } }, reply) => {
    if (!places.heard(id)) throw new HttpError(404, 'NO_VIEWER', 'That viewer has no place, or none any more')
    return reply.code(204).send()
  })

  app.get('/metrics', guarded('figures'), async (_, reply) => {
    if (!routes.metrics)
      throw new HttpError(501, 'NO_METRICS', 'Metrics need the package prom-client: npm install prom-client')
    return reply.type(routes.metrics.contentType).send(await routes.metrics.metrics())
  })
  app.get('/healthz', { ...open, schema: { response: { 200: schemas['/healthz'] } } }, async () => ({ status: 'ok' }))
  const readiness = { ...open, schema: { response: { 200: schemas['/readyz'], 503: schemas['/readyz'] } } }
  app.get('/readyz', readiness, async (_, reply) => {
    const reason = whyNotReady(coordinator)
    return reply.code(reason === null ? 200 : 503).send({ status: reason === null ? 'ready' : 'not ready', reason })
  })
}

function whyNotReady({ isShutdown, memory }: ComponentCoordinator): string | null {
  if (isShutdown) return 'The coordinator is shut down'
  return memory.isAtLeast('critical') ? 'Memory pressure is critical' : null
}

/** ms looked back. */
function back(query: Readonly<Record<string, unknown>>): number {
  return wholeNumber('span', query['span'] ?? span.usual, span.most)
}

function wholeNumber(name: string, value: unknown, most: number): number {
  const number = Number(value)
  if (Number.isInteger(number) && number >= 1 && number <= most) return number
  throw new InvalidOptionsError(name, `a whole number from 1 to ${most}`, value)
}

function pressureLevel(value: unknown): PressureLevel | undefined {
  if (value === undefined || levels.includes(value as string)) return value as PressureLevel | undefined
  throw new InvalidOptionsError('level', `one of ${levels.join(', ')}`, value)
}
