/** JSON schemas of all answers: Fastify writes the answers by them, and `/api/schemas` gives them. Bytes, ms, epoch ms. */

type Schema = Readonly<Record<string, unknown>>

const string: Schema = { type: 'string' }
const number: Schema = { type: 'number' }
const whole: Schema = { type: 'integer' }
const boolean: Schema = { type: 'boolean' }
const strings: Schema = { type: 'array', items: string }
const numbers: Schema = { type: 'array', items: number }
const level: Schema = { type: 'string', enum: ['low', 'medium', 'high', 'critical'] }
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
const listOf = (items: Schema): Schema => ({ type: 'array', items })
const exactly = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  additionalProperties: false,
})

const anyDetails: Schema = { type: 'object', additionalProperties: true }

export const component = exactly({
  name: string,
  type: string,
  state: { type: 'string', enum: ['unloaded', 'loading', 'ready', 'draining', 'unloading', 'failed', 'zombie'] },
  since: number,
  generation: whole,
  priority: number,
  pinned: boolean,
  dependencies: strings,
  dependents: strings,
  inUse: whole,
  stuckFor: number,
  waiting: whole,
  lastAccess: orNull(number),
  loads: whole,
  unloads: whole,
  crashes: whole,
  calls: whole,
  errors: whole,
  callRate: number,
  p50: orNull(number),
  p99: orNull(number),
  lastLoadTime: orNull(number),
  memoryEstimate: number,
  memoryLimit: orNull(number),
  minIdleTime: orNull(number),
  learnedPeak: orNull(number),
  failure: orNull(exactly({ message: string, retryAt: number })),
  memory: orNull(
    exactly({
      used: number,
      physical: number,
      external: number,
      malloced: number,
      reported: number,
      total: number,
      peak: number,
      stale: boolean,
    }),
  ),
  load: orNull(exactly({ cpu: number, eventLoop: number })),
  next: {
    anyOf: [
      exactly({ verdict: { type: 'string', const: 'goes' }, rank: whole }),
      exactly({ verdict: { type: 'string', const: 'stays' }, reason: string }),
      exactly({ verdict: { type: 'string', const: 'not-loaded' } }),
    ],
  },
})

const memory = exactly({
  time: number,
  pressureLevel: level,
  usage: number,
  limit: number,
  rss: number,
  main: number,
  unattributed: number,
  reservations: number,
  pending: number,
  extra: listOf(
    exactly({ name: string, kind: { type: 'string', enum: ['spare', 'ending', 'zombie'] }, total: number }),
  ),
  cgroup: orNull(exactly({ limit: orNull(number), current: number })),
  thresholds: exactly({ low: number, medium: number, high: number, critical: number }),
  totalLimit: number,
  minIdleTime: number,
  autoUnloadEnabled: boolean,
  thrashing: boolean,
})

const planSummary = { level, actual: boolean, need: number, freed: number }

const plan = exactly({
  ...planSummary,
  victims: listOf(exactly({ name: string, bytes: number })),
  kept: listOf(exactly({ name: string, reason: string })),
  notes: strings,
})

const event = exactly({
  id: whole,
  time: number,
  kind: {
    type: 'string',
    enum: ['load', 'load-error', 'unload', 'crash', 'pressure', 'exhausted', 'zombie', 'action'],
  },
  severity: { type: 'string', enum: ['info', 'warning', 'error'] },
  component: orNull(string),
  details: anyDetails,
})

const advice = exactly(
  { id: string, component: string, severity: { type: 'string', enum: ['info', 'warning'] }, message: string },
  ['component'],
)

const snapshot = exactly({
  version: { type: 'integer', const: 1 },
  now: number,
  process: exactly({ pid: whole, node: string, startedAt: number, title: string }),
  actions: boolean,
  memory,
  plan: exactly(planSummary),
  components: listOf(component),
  events: listOf(event),
  advice: listOf(advice),
})

const tick = exactly(
  {
    now: number,
    memory,
    plan: exactly(planSummary),
    components: listOf(component),
    gone: strings,
    events: listOf(event),
    advice: listOf(advice),
  },
  ['advice'],
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
  }),
  components: listOf(exactly({ name: string, values: numbers })),
  others: numbers,
})

/** By what is asked for. An answer that says no is an `error`. */
export const schemas = {
  '/api/components': exactly({ components: listOf(component), plan: exactly(planSummary) }),
  '/api/components/:name': exactly({
    component,
    history: exactly({ times: numbers, values: numbers }),
    events: listOf(event),
  }),
  '/api/memory': memory,
  '/api/memory/history': history,
  '/api/plan': plan,
  '/api/advice': exactly({ advice: listOf(advice) }),
  /** Server-sent events: one `snapshot`, then `tick`s. */
  '/api/events': exactly({ snapshot, tick }, ['snapshot', 'tick']),
  '/healthz': exactly({ status: { type: 'string', const: 'ok' } }),
  '/readyz': exactly({ status: { type: 'string', enum: ['ready', 'not ready'] }, reason: orNull(string) }),
  error: exactly({ error: exactly({ code: string, message: string }) }),
} as const
