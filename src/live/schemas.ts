import type { LoadCause } from '../contract/load-cause.ts'
import type { FeedEvent } from './feed-event.ts'

/** JSON schemas of all answers: Fastify writes the answers by them, and `/api/schemas` gives them. Bytes, ms, epoch ms. */

declare const described: unique symbol

/** A JSON schema, and the type of what it describes. */
interface Schema<T> {
  readonly [keyword: string]: unknown
  /** Never there. */
  readonly [described]?: T
}

/** What a schema describes. */
export type Described<S> = S extends Schema<infer T> ? T : never

type Properties = Readonly<Record<string, Schema<unknown>>>
type Of<P extends Properties, O extends keyof P> = {
  readonly [K in Exclude<keyof P, O>]: Described<P[K]>
} & { readonly [K in O]?: Described<P[K]> }

const string: Schema<string> = { type: 'string' }
const number: Schema<number> = { type: 'number' }
const whole: Schema<number> = { type: 'integer' }
const boolean: Schema<boolean> = { type: 'boolean' }
const anyDetails: Schema<Readonly<Record<string, unknown>>> = { type: 'object', additionalProperties: true }
const oneOf = <const T extends string>(...values: readonly T[]): Schema<T> => ({ type: 'string', enum: values })
const only = <const T extends string | number>(value: T): Schema<T> => ({
  type: typeof value === 'number' ? 'integer' : 'string',
  const: value,
})
const anyOf = <S extends readonly Schema<unknown>[]>(...schemas: S): Schema<Described<S[number]>> => ({
  anyOf: schemas,
})
const orNull = <T>(schema: Schema<T>): Schema<T | null> => ({ anyOf: [schema, { type: 'null' }] })
const listOf = <T>(items: Schema<T>): Schema<readonly T[]> => ({ type: 'array', items })
const exactly = <P extends Properties, O extends keyof P & string = never>(
  properties: P,
  optional: readonly O[] = [],
): Schema<Of<P, O>> => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((key) => !optional.some((each) => each === key)),
  additionalProperties: false,
})

const strings = listOf(string)
const numbers = listOf(number)
const level = oneOf('low', 'medium', 'high', 'critical')

export const componentState = oneOf('unloaded', 'loading', 'ready', 'draining', 'unloading', 'failed', 'zombie')

const held = orNull(
  exactly({
    used: number,
    physical: number,
    external: number,
    malloced: number,
    reported: number,
    native: number,
    total: number,
    peak: number,
    stale: boolean,
  }),
)

const next = anyOf(
  exactly({ verdict: only('goes'), rank: whole }),
  exactly({ verdict: only('stays'), reason: string }),
  exactly({ verdict: only('not-loaded') }),
)

const instance = exactly({
  name: string,
  state: componentState,
  since: number,
  generation: whole,
  isolation: oneOf('thread', 'process'),
  pid: orNull(whole),
  inUse: whole,
  stuckFor: number,
  loads: whole,
  unloads: whole,
  crashes: whole,
  calls: whole,
  errors: whole,
  memory: held,
  next,
})

const component = exactly(
  {
    name: string,
    family: orNull(string),
    type: string,
    state: componentState,
    since: number,
    generation: whole,
    priority: number,
    pinned: boolean,
    dependencies: strings,
    dependents: strings,
    inUse: whole,
    addons: strings,
    isolation: oneOf('thread', 'process'),
    pid: orNull(whole),
    stuckFor: number,
    waiting: whole,
    lastAccess: orNull(number),
    loads: whole,
    unloads: whole,
    crashes: whole,
    regrets: whole,
    calls: whole,
    errors: whole,
    callRate: number,
    growth: number,
    errorShare: orNull(number),
    p50: orNull(number),
    p99: orNull(number),
    loadedFor: orNull(
      exactly({
        by: oneOf('call', 'dependency', 'request', 'busy-copies', 'recycle'),
        of: orNull(string),
      }) as Schema<LoadCause>,
    ),
    lastLoadTime: orNull(number),
    memoryEstimate: number,
    memoryLimit: orNull(number),
    minIdleTime: orNull(number),
    learnedPeak: orNull(number),
    failure: orNull(exactly({ message: string, retryAt: number })),
    memory: held,
    instances: listOf(instance),
    load: orNull(exactly({ cpu: number, eventLoop: number })),
    next,
    /** Of components of other hosts of the cluster: whose it is, and whether that has stopped answering. */
    host: string,
    stale: boolean,
  },
  ['host', 'stale'],
)

const memory = exactly({
  time: number,
  pressureLevel: level,
  usage: number,
  limit: number,
  rss: number,
  main: number,
  unattributed: number,
  native: number,
  runtime: number,
  reservations: number,
  pending: number,
  extra: listOf(exactly({ name: string, kind: oneOf('spare', 'ending', 'zombie'), total: number })),
  cgroup: orNull(exactly({ limit: orNull(number), current: number })),
  thresholds: exactly({ low: number, medium: number, high: number, critical: number }),
  totalLimit: number,
  minIdleTime: number,
  autoUnloadEnabled: boolean,
  thrashing: boolean,
  why: exactly({
    since: number,
    by: oneOf('usage', 'forecast', 'held'),
    judged: number,
    until: orNull(number),
    words: string,
  }),
  regrets: exactly({ unloads: whole, reloaded: whole }),
})

const planSummary = { level, actual: boolean, need: number, freed: number }

const plan = exactly({
  ...planSummary,
  victims: listOf(exactly({ name: string, bytes: number })),
  kept: listOf(exactly({ name: string, reason: string })),
  notes: strings,
})

// What its details are depends on its kind, and is not checked.
const event = exactly({
  id: whole,
  time: number,
  kind: oneOf('load', 'load-error', 'unload', 'crash', 'pressure', 'exhausted', 'zombie', 'advice', 'action'),
  severity: oneOf('info', 'warning', 'error'),
  component: orNull(string),
  details: anyDetails,
}) as Schema<FeedEvent>

const advice = exactly(
  {
    id: string,
    component: string,
    severity: oneOf('info', 'warning'),
    message: string,
    urgent: boolean,
    since: number,
  },
  ['component'],
)

const host = exactly({
  name: string,
  /** It is the program that is looked at. */
  self: boolean,
  level,
  room: number,
  loaded: strings,
  moreLoaded: whole,
  /** Null: just now. */
  lastSeen: orNull(number),
  /** Whether it says what its components are doing. */
  answering: oneOf('unknown', 'current', 'stale', 'silent'),
})

const move = exactly({
  kind: oneOf('placed', 'taken-over', 'handed-over', 'given-back', 'lost'),
  time: number,
  family: string,
  key: string,
  from: orNull(string),
  to: orNull(string),
  why: string,
})

/** `name`: of the host that is looked at. `components`: of the others. `hidden`: how many more there are. */
const cluster = {
  name: string,
  hosts: listOf(host),
  moves: listOf(move),
  components: listOf(component),
  hidden: whole,
}

const snapshot = exactly(
  {
    version: only(1),
    now: number,
    process: exactly({ pid: whole, node: string, startedAt: number, title: string }),
    actions: boolean,
    memory,
    plan: exactly(planSummary),
    components: listOf(component),
    events: listOf(event),
    advice: listOf(advice),
    cluster: exactly(cluster),
  },
  ['cluster'],
)

const tick = exactly(
  {
    now: number,
    memory,
    plan: exactly(planSummary),
    components: listOf(component),
    gone: strings,
    events: listOf(event),
    advice: listOf(advice),
    /** What changed; null: it was left. `goneComponents`: host and name, with a tab between them. */
    cluster: orNull(exactly({ ...cluster, gone: strings, goneComponents: strings }, ['moves'])),
  },
  ['advice', 'cluster'],
)

const history = exactly({
  times: numbers,
  totals: exactly({
    usage: numbers,
    limit: numbers,
    rss: numbers,
    main: numbers,
    unattributed: numbers,
    reservations: numbers,
    spare: numbers,
    native: numbers,
  }),
  components: listOf(exactly({ name: string, values: numbers })),
  others: numbers,
})

const mark = exactly({
  kind: oneOf('load', 'load-error', 'unload', 'crash'),
  time: number,
  generation: whole,
  reason: orNull(string),
  why: orNull(string),
})

/** By what is asked for. An answer that says no is an `error`. */
export const schemas = {
  '/api/components': exactly({ components: listOf(component), plan: exactly(planSummary) }),
  '/api/components/:name': exactly({
    component,
    callers: listOf(exactly({ name: orNull(string), calls: whole, errors: whole, lastCall: orNull(number) })),
    lastErrors: listOf(
      exactly({
        time: number,
        from: orNull(string),
        method: string,
        name: string,
        code: orNull(string),
        message: string,
        count: whole,
      }),
    ),
    history: exactly({ times: numbers, values: numbers }),
    marks: listOf(mark),
    events: listOf(event),
  }),
  '/api/memory': memory,
  '/api/memory/history': history,
  '/api/plan': plan,
  '/api/cluster': exactly(cluster),
  '/api/advice': exactly({ advice: listOf(advice) }),
  /**
   * Server-sent events: one `snapshot`, then `tick`s; and `alive`, which is to be answered by POST to `/api/viewers/:id` with the id of the viewer, or the
   * place goes to somebody else.
   */
  '/api/events': exactly({ snapshot, tick, alive: exactly({ viewer: string }) }, ['snapshot', 'tick', 'alive']),
  '/healthz': exactly({ status: only('ok') }),
  '/readyz': exactly({ status: oneOf('ready', 'not ready'), reason: orNull(string) }),
  error: exactly({ error: exactly({ code: string, message: string }) }),
} as const

export type ComponentView = Described<typeof component>
export type MemoryView = Described<typeof memory>
/** Which round the components' `next` is about; `actual` false: pressure is low, and it is what would happen at `level`. */
export type PlanView = Snapshot['plan']
export type Snapshot = Described<typeof snapshot>
export type Tick = Described<typeof tick>
export type HostShown = Described<typeof host>
/** The cluster that a program has joined. */
export type ClusterShown = Answer<'/api/cluster'>
/** What is answered at a path. */
export type Answer<Path extends keyof typeof schemas> = Described<(typeof schemas)[Path]>
