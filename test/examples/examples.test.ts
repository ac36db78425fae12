import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const directory = fileURLToPath(new URL('../../src/examples/', import.meta.url))

/** What each prints, as far as it is the same on every machine. */
const expected: Record<string, readonly (string | RegExp)[]> = {
  basic: [
    'registered: unloaded',
    'highest price: 110.00',
    'after the first call: ready, in another thread: true',
    'day 12: 102.38',
    'with a deadline: 100.00',
    'anything else is refused: true',
    'unloaded: unloaded',
    'the same proxy again: 100.00',
    'generation 2, 2 loads',
  ],
  'historical-data': [
    'registered: unloaded',
    'imported: 5105 days, 200000 minutes; ready',
    'week of 2008-09-01: 1217.23 to 1303.04',
    'week of 2008-09-15: 1133.50 to 1265.12',
    'hours: 720, highest 105.27',
    'from the cache: 1',
    'unloaded; it held tens of megabytes',
    'the next call loads it again: 200000 candles of the first symbol, generation 2',
  ],
  'several-services': [
    'buy at 90.01: new, then filled for 45.005',
    /^sell at .*: new, then filled for /m,
    'workers: 5',
    'an order below ten: refused by min-notional',
    'rejected, fulfilled, fulfilled',
    'the call that was under way rejects: ERR_COMPONENT_CRASHED, exit',
    'the next call starts it again: 100.00',
  ],
  connectors: [
    'asked for: unloaded',
    'after the first call: ready, bid below ask: true',
    'an order book: 5 bids',
    'candles: 24',
    'streamed: 3 updates',
    'called back with SOL/USDT; in use: 1',
    'over the pool: 200; connections held: 0, idle: 1',
    'Invalid option "exchange"',
    'released: 0 connectors left',
  ],
  strategies: [
    'fast: started true, ready; slow: started false, unloaded',
    'fast: buy at 120',
    'an order of 1: valid',
    'an order of 1000: max-quantity',
    'stopped: unloaded',
    'started again: position long, 4 prices remembered',
    'the slow one was never needed: true',
    'No component named "strategy:unheard-of" is registered; registered: strategy:fast, strategy:slow',
  ],
  'memory-pressure': [
    'loaded: order-service, historical-data, btc, eth',
    'would go first: historical-data',
    'unloaded: historical-data (admission)',
    /^loaded: order-service, btc, (?:eth, )?sol$/m,
    // What holds enough, and is not in use.
    /^40 MiB are free: true, for which went (?:eth|sol)/m,
    'history is back with its next call: 1 symbol',
    /^pressure: \w+ -> (?:medium|high|critical)$/m,
    'usage is below the high threshold again; loaded: order-service',
    'what can never fit is refused: ERR_INSUFFICIENT_MEMORY',
    'the order is still there: 1',
  ],
  dependencies: [
    'loaded: order-service',
    'loaded: historical-data',
    'loaded: exposure',
    'loaded: risk',
    'loaded: exchange-connector:binance',
    'risk: 2 at the price of the last hour: within the limit',
    'history is needed by: exposure',
    'unloaded: order-service',
    'loaded: order-service',
    'risk: 2 at the price of the last hour: within the limit',
    'a cycle: b -> a -> b',
    'a dependency that nobody registered: a -> b',
    'unloaded: risk',
    'unloaded: exposure',
    'unloaded: historical-data',
  ],
  dashboard: [
    /^dashboard: http:\/\/127\.0\.0\.1:\d+\/#token=/m,
    'order-service: ready, 0 crashes',
    'historical-data: ready, 0 crashes',
    'feed: ready, 1 crashes',
    'unload without a token: 401; with it: 200',
    'spillway_component_crashes_total{component="feed",reason="exit"} 1',
    'used  physical  external',
  ],
  application: [
    'POST /orders: 201, new',
    'the same order sent again: 201, the same id',
    'GET /orders/nobody: 404',
    'an order below ten: 422, min-notional',
    'GET /health/ready: 200 ok, pressure low, {"ready":1,"unloaded":1}',
    'a request that came before SIGTERM: 200',
  ],
  'native-crash': [
    'a chart: png, 400 x 200',
    'drawn in another process: true',
    'charts is gone: signal SIGSEGV',
    'the call that was under way rejects: ERR_COMPONENT_CRASHED, SIGSEGV',
    'the next call has it again: the same chart',
    'charts: generation 2, 1 crash',
    'prices: generation 1, and still 100.00',
  ],
  'one-shot-renderer': [
    'Hello Ada! The only page of its worker: true',
    'Hello Grace! The only page of its worker: true',
    'Hello Barbara! The only page of its worker: true',
    'threads: 3',
    'at once: 1, 1, 1',
    'crashes: 0',
  ],
  'pool-of-copies': [
    'primes below 1,000: 168, and again 168, by 1 thread',
    'primes below 10,000,000: 664579',
    'eight calls at once: several threads, four at most',
    'calls of all copies together: 10',
  ],
}

async function run(name: string, env = process.env): Promise<{ code: number; output: string; errors: string }> {
  const script = `${directory}run.ts`
  return new Promise((resolve) => {
    execFile(process.execPath, [script, name], { env, timeout: 60_000 }, (error, output, errors) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, output, errors })
    })
  })
}

test('every example is run here', () => {
  const files = readdirSync(directory).filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  expect(files.toSorted()).toEqual(
    Object.keys(expected)
      .map((name) => `${name}.ts`)
      .toSorted(),
  )
})

/** As all tests run programs; and one as `npm run example` does, of the sources alone. */
const tried: readonly (readonly [string, string | undefined])[] = [
  ...Object.keys(expected).map((name) => [name, process.env['NODE_OPTIONS']] as const),
  ['basic', ''],
]

test.for(tried)('%s', { timeout: 60_000 }, async ([name, flags]) => {
  const { code, output, errors } = await run(name, { ...process.env, NODE_OPTIONS: flags })
  // A Node that lacks something says so; nothing else may be on standard error.
  expect(errors.replaceAll(/^\(.*\n?/gm, '')).toBe('')
  let rest = output
  for (const line of expected[name] ?? []) {
    const found = typeof line === 'string' ? rest.indexOf(line) : rest.search(line)
    expect(found, `${String(line)} in what is left of the output:\n${rest}`).toBeGreaterThanOrEqual(0)
    rest = rest.slice(found)
  }
  expect(code).toBe(0)
})

test('an unknown one lists those there are', async () => {
  const { code, output } = await run('nope')
  expect(code).toBe(1)
  expect(output).toContain('There is no example "nope"')
  for (const name of Object.keys(expected)) expect(output).toContain(`npm run example -- ${name}`)
})
