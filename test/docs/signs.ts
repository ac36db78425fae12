import { Registry } from 'prom-client'
import * as core from '../../src/index.ts'
import * as services from '../../src/services/index.ts'
import { collectMetrics } from '../../src/metrics/index.ts'
import { readPage, sourceOf, sourcesMatching } from './page.ts'

/** What a sign may be called by: the word before it says which of these it is. */
const kinds = ['advice', 'event', 'reason', 'log'] as const
/** What a cell may name beside signs: values, and what Node and the system call their errors. */
const values = ['null', 'true', 'false', "'process'", "'shared'", "'head'", 'outcome', 'ERR_ACCESS_DENIED', '401']
const ofTheSystem = [
  'EACCES',
  'ENOSPC',
  'EROFS',
  '--permission',
  'npx spillway top',
  'npx spillway ps',
  'err',
  '/metrics',
  'start()',
  'send',
]

/** The signs that a cell names: each in backquotes, or in quotes for the log, with its kind before it where it has one. */
export function namedSigns(cell: string): string[] {
  const named: string[] = []
  let kind = ''
  let end = 0
  for (const { 1: name, index, 0: text } of cell.matchAll(/`([^`]+)`/g)) {
    const between = cell.slice(end, index).toLowerCase()
    const word = kinds.find((each) => between.endsWith(`${each} `))
    // A list of several of a kind: only commas and "or" between them.
    if (word !== undefined || !/^(?:, | or )$/.test(between)) kind = word === undefined ? '' : `${word} `
    named.push(`${kind}${name}`)
    end = index + text.length
  }
  return [...named, ...[...cell.matchAll(/log “([^”]+)”/g)].map(([, line]) => `log ${line}`)]
}

/** All that there is, as `namedSigns` names it. */
export async function knownSigns(): Promise<{ has(name: string): boolean }> {
  const known = new Set<string>([...values, ...ofTheSystem, 'SPILLWAY_LOG_FAILED', 'memory.plan()'])
  const add = (names: Iterable<string>, prefix = ''): void => {
    for (const name of names) known.add(`${prefix}${name}`)
  }
  add(await metricNames())
  add(await errorNames())
  add(await sourcesMatching(/readonly code = '(ERR_\w+)'/g))
  add(await sourcesMatching(/(?:about\(\s*|\bid: )'([a-z-]+)'/g), 'advice ')
  add(await membersOf('CoordinatorEvents'), 'event ')
  for (const type of ['CrashReason', 'UnloadReason', 'KeptReason', 'ConnectionErrorReason', 'ConnectorErrorReason']) {
    add(await literalsOf(type), 'reason ')
  }
  add(await literalsOf('OrderStoreFailure'), 'reason ')
  add(await membersOf('ComponentInfo'), 'info().')
  add(await membersOf('ComponentMemory'), 'info().memory.')
  add(await membersOf('Ledger'), 'ledger.')
  add(await membersOf('PoolStats'), 'getPoolStats().')
  add(await membersOf('PoolCounts'), 'getPoolStats().counts.')
  add(await membersOf('CacheStats'), 'getCacheStats().')
  add(await membersOf('ConnectorStatus'), 'getStatus().')
  // States, levels, properties of errors and methods of the services.
  add(await literalsOf('PressureLevel'))
  add(['rate-limited', 'cause', 'chain', 'cycle', 'suspectedCycle', 'family', 'prefetch', 'subscribeMarketData'])
  add([...(await readPage('docs/options.md')).matchAll(/^\| `(\w+)` \|/gm)].map(([, option = '']) => option))
  const sources = (await sourcesMatching(/^([^]*)$/g)).join('\n')
  return { has: (name) => known.has(name) || (name.startsWith('log ') && sources.includes(name.slice('log '.length))) }
}

async function metricNames(): Promise<string[]> {
  await using coordinator = new core.ComponentCoordinator()
  const registry = new Registry()
  using _metrics = collectMetrics(coordinator, { registry })
  return registry.getMetricsAsArray().map(({ name }) => name)
}

async function errorNames(): Promise<string[]> {
  return Object.entries({ ...core, ...services })
    .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error)
    .map(([name]) => name)
}

async function membersOf(name: string): Promise<string[]> {
  const body = await sourceOf(new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm'))
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = '']) => member)
}

async function literalsOf(name: string): Promise<string[]> {
  const body = await sourceOf(new RegExp(`^export type ${name} =([^]*?)\\n(?:\\n|(?![^]))`, 'm'))
  return [...body.matchAll(/'([\w-]+)'/g)].map(([, literal = '']) => literal)
}
