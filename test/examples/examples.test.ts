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
  'several-components': [
    'stocks: ready, bonds: ready, texts: ready',
    'threads of the prices: 2',
    'texts about the dam: 0, 1',
    'stocks is gone: exit',
    'rejected, fulfilled, fulfilled',
    'the call that was under way rejects: ERR_COMPONENT_CRASHED',
    'the next call starts it again: 100.00',
  ],
  'dynamic-loading': [
    'fast: started true, ready; slow: started false, unloaded',
    'fast: buy at 120',
    'an order of 1: valid',
    'an order of 1000: max-quantity',
    'stopped: unloaded',
    'started again: position long, 4 prices remembered',
    'the slow one was never needed: true',
    'No component named "strategy:unheard-of" is registered; registered: strategy:fast, strategy:slow',
  ],
  dependencies: [
    'loaded: prices',
    'loaded: portfolio',
    'loaded: report',
    'gain: 9.97 %',
    'prices are needed by: portfolio',
    'gain: 4.79 %',
    'a cycle: b -> a -> b',
    'a dependency that nobody registered: a -> b',
    'unloaded: report',
  ],
  'memory-pressure': [
    'three caches are loaded: below the limit',
    'would go first: news',
    'loaded now: quotes, history, orders',
    '60 MiB freed: true, by unloading history',
    'the one in use is still there: true',
    'back with its next call: true',
    /pressure: \w+ -> (?:medium|high|critical)/,
    'usage is below the high threshold again',
    'unloads so far: two or more',
    'what can never fit is refused: ERR_INSUFFICIENT_MEMORY',
  ],
  monitoring: [
    'event load: prices',
    'event crash: prices',
    'prices: ready, 2 loads, 1 crash, 102 calls',
    'it holds at least its 16 MB: true',
    'usage is below the limit, pressure low',
    'lock settlement: held by main',
    /^spillway_component_\w+\{.*component="prices".*\} /m,
    'metrics: true',
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
  'application-module': [
    'GET /prices/0: 200 {"close":100}',
    'GET /health/ready: ok, pressure low',
    'a request that came before SIGTERM: 200 {"close":100.19998666693333}',
  ],
}

async function run(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const script = `${directory}run.ts`
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { timeout: 60_000 }, (error, output, errors) => {
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

test.for(Object.keys(expected))('%s', { timeout: 60_000 }, async (name) => {
  const { code, output, errors } = await run(name)
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
