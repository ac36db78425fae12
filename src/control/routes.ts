import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { expectNumber } from '../base/option-checks.ts'
import { until } from '../base/until.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { levelValues } from '../host/forwarded-logger.ts'
import { HttpError } from '../live/http-error.ts'
import { loadedGeneration, writeAndOpen } from '../live/inspection-file.ts'
import type { LiveState } from '../live/live-state.ts'
import type { LiveStream } from '../live/live-stream.ts'
import type { Place, Places } from '../live/places.ts'
import type { Operated } from '../live/observed.ts'
import type { ClusterShown, ComponentView, HostShown, Answer as Shown } from '../live/schemas.ts'
import type { Logger } from '../contract/logger.ts'
import { followLog, sendLog } from './log-stream.ts'
import type { LogQuery } from './log-stream.ts'
import type { LogRing } from './log-ring.ts'

interface ControlRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What of the path is not given. */
  readonly params: readonly string[]
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}
/** `taken`: the handler answers by itself. */
type Answer =
  | { readonly json: unknown }
  | { readonly stream: Readable; readonly headers: Readonly<Record<string, string | number>> }
  | 'taken'

export type Handler = (request: ControlRequest) => Answer | Promise<Answer>
export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  readonly handler: Handler
  /** It is answered for as long as somebody looks, and has a place of its own. */
  readonly stays?: boolean
}

export interface RouteParts {
  readonly coordinator: Operated
  readonly logger: Logger
  readonly state: LiveState
  readonly stream: LiveStream
  readonly log: LogRing
  /** For those who stay. */
  readonly places: Places
}

/** A running program, as `ps` lists it. Bytes, epoch ms. */
export interface ProgramView {
  /** Of what is said on the socket: rises with what an older command line would not understand. */
  readonly protocol: 1
  readonly pid: number
  readonly title: string
  /** The file it was started with, and what it was given. */
  readonly command: readonly string[]
  readonly node: string
  readonly startedAt: number
  readonly pressureLevel: string
  readonly usage: number
  readonly limit: number
  readonly loaded: number
  readonly registered: number
  /** Of the cluster that it has joined: its name there, and how many hosts there are. */
  readonly cluster?: { readonly name: string; readonly hosts: number }
  /** What needs attention. */
  readonly urgent: readonly string[]
}

/** What is answered to `explain`. */
export interface Explained {
  readonly snapshot: ReturnType<LiveState['snapshot']>
  readonly plan: Shown<'/api/plan'>
}

/** What is answered to `hosts`. */
export type HostsView = Pick<ClusterShown, 'name' | 'hosts' | 'moves'>

/** What is answered to `explain` of a host. */
export interface HostExplained {
  readonly host: HostShown
  readonly components: readonly ComponentView[]
  /** Those from it and to it. */
  readonly moves: HostsView['moves']
}

/** Whatever the command line may ask for. */
export function routesOf({ coordinator, logger, state, stream, log, places }: RouteParts): Route[] {
  const acted = ({ request }: ControlRequest, action: string, component: string, details: object = {}): void =>
    logger.info({ action, component, ...details, by: askerOf(request) }, 'asked for on the command line')
  const get = (path: RegExp, handler: Handler): Route => ({ method: 'GET', path, handler })
  const post = (path: RegExp, handler: Handler): Route => ({ method: 'POST', path, handler })
  return [
    get(/^\/program$/, () => ({ json: programOf(coordinator, state) })),
    get(/^\/explained$/, () => {
      const explained: Explained = { snapshot: state.snapshot(), plan: state.planShown() }
      return { json: explained }
    }),
    get(/^\/hosts$/, () => ({ json: hostsOf(state) })),
    get(/^\/hosts\/([^/]+)$/, async ({ params: [name = ''] }) => ({ json: await hostOf(state, name) })),
    {
      ...get(/^\/api\/events$/, async ({ response }): Promise<Answer> => {
        stream.join(response, { 'cache-control': 'no-store' }, await placeFor(response, places))
        return 'taken'
      }),
      stays: true,
    },
    post(/^\/viewers\/([\w-]+)$/, ({ params: [id = ''] }) => ({ json: { known: places.heard(id) } })),
    get(/^\/api\/components\/([^/]+)$/, async ({ params: [name = ''] }) => ({
      json: {
        ...(await state.detail(name)),
        advice: coordinator.advice().filter(({ component }) => component === name),
      },
    })),
    get(/^\/logs$/, ({ response, query }) => {
      sendLog(response, log, logQuery(query))
      return 'taken'
    }),
    {
      ...get(/^\/logs\/follow$/, async ({ response, query }): Promise<Answer> => {
        const wanted = logQuery(query)
        followLog(response, log, wanted, await placeFor(response, places))
        return 'taken'
      }),
      stays: true,
    },
    post(/^\/components\/([^/]+)\/load$/, async (request) => {
      const [name = ''] = request.params
      coordinator.info(name)
      acted(request, 'load', name)
      await coordinator.getComponent(name)
      // What it takes is the first thing asked of what has just been loaded.
      await until(() => isMeasured(coordinator, name), firstSample)
      return { json: { component: state.views.one(name, state.plan().plan) } }
    }),
    post(/^\/components\/([^/]+)\/unload$/, async (request) => {
      const [name = ''] = request.params
      const { deadline } = request.body
      coordinator.info(name)
      const options =
        deadline === undefined ? {} : { deadline: expectNumber('deadline', deadline, { min: 0, max: 2 ** 31 - 1 }) }
      acted(request, 'unload', name, options)
      return { json: { report: await coordinator.unloadComponent(name, options) } }
    }),
    post(/^\/components\/([^/]+)\/heap-snapshot$/, async (request) => {
      const [name = ''] = request.params
      const generation = loadedGeneration(coordinator, name)
      acted(request, 'heap snapshot', name)
      const file = await writeAndOpen(async (path) => coordinator.writeHeapSnapshot(name, path))
      return { stream: file.stream, headers: { 'content-length': file.size, 'x-spillway-generation': generation } }
    }),
    post(/^\/components\/([^/]+)\/cpu-profile$/, async (request) => {
      const [name = ''] = request.params
      const duration = expectNumber('duration', request.body['duration'] ?? 5_000, { min: 100, max: 600_000 })
      const generation = loadedGeneration(coordinator, name)
      acted(request, 'CPU profile', name, { duration })
      const file = await writeAndOpen(async (path) => coordinator.writeCpuProfile(name, path, { duration }))
      return { stream: file.stream, headers: { 'content-length': file.size, 'x-spillway-generation': generation } }
    }),
  ]
}

/** ms that a component is given for its first sample. Guessed: it takes a few, on a busy machine some hundred; the answer goes without it then. */
const firstSample = 2_000

/** Or not to be measured any more: somebody else unloaded it. */
function isMeasured(coordinator: Operated, name: string): boolean {
  const { state, memory } = coordinator.info(name)
  return memory !== null || state !== 'ready'
}

/** Given back when it is not wanted any more: by whoever joins with it. @throws HttpError when there is none, also not by letting go of those who do not read. */
async function placeFor(response: ServerResponse, places: Places): Promise<Place> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const place = await places.take(gone.signal)
  if (!place) throw new HttpError(503, 'TOO_MANY', `${places.most} are attached already, by top or logs --follow`)
  return place
}

function logQuery(query: URLSearchParams): LogQuery {
  return { component: query.get('component') ?? undefined, level: knownLevel(query.get('level') ?? 'trace') }
}

/** @throws HttpError where no cluster is joined. */
function hostsOf(state: LiveState): HostsView {
  const cluster = state.cluster.snapshot()
  if (!cluster) throw new HttpError(404, 'NO_CLUSTER', 'it has not joined a cluster')
  const { name, hosts, moves } = cluster
  return { name, hosts, moves }
}

/** @throws HttpError where there is no such host. @throws NoHostError where it does not answer. */
async function hostOf(state: LiveState, name: string): Promise<HostExplained> {
  const { hosts, moves } = hostsOf(state)
  const host = hosts.find((each) => each.name === name)
  const { joined } = state.cluster
  if (!host || !joined) throw new HttpError(404, 'NO_HOST', `there is no host "${name}" (spillway hosts)`)
  const components = host.self ? state.views.all(state.plan().plan) : await state.cluster.componentsOf(joined, name)
  return { host, components, moves: moves.filter(({ from, to }) => from === name || to === name) }
}

function programOf(coordinator: Operated, { cluster: { joined } }: LiveState): ProgramView {
  const { usage, limit, pressureLevel } = coordinator.memory.ledger()
  const components = coordinator.list()
  return {
    protocol: 1,
    pid: process.pid,
    title: process.title,
    command: process.argv.slice(1),
    node: process.version,
    startedAt: Math.round(performance.timeOrigin),
    pressureLevel,
    usage,
    limit,
    loaded: components.filter(({ state }) => state === 'ready').length,
    registered: components.length,
    ...(joined && { cluster: { name: joined.name, hosts: joined.hosts().length } }),
    urgent: coordinator.advice().flatMap(({ urgent, message }) => (urgent ? [message] : [])),
  }
}

/** What the command line says of itself: nobody else can open the socket. */
function askerOf({ headers }: IncomingMessage): string | undefined {
  const told = headers['x-spillway-by']
  return typeof told === 'string' && /^[\w.@ -]{1,80}$/.test(told) ? told : undefined
}

function knownLevel(level: string): string {
  if (Object.hasOwn(levelValues, level) && level !== 'silent') return level
  throw new InvalidOptionsError('level', 'one of trace, debug, info, warn, error, fatal', level)
}
