import { describe, expect, it } from 'vitest'
import { resolveDefinition, resolveRecycle } from '../../src/component/definition.ts'
import { resolveInstances } from '../../src/component/instances.ts'
import { resolveHibernateOptions } from '../../src/component/hibernation.ts'
import { resolveCoordinatorOptions } from '../../src/coordinator-options.ts'
import { resolveDashboardOptions } from '../../src/dashboard/dashboard-options.ts'
import { resolveAcquireOptions } from '../../src/locks/acquire-options.ts'
import { defaultMemoryOptions } from '../../src/memory/options.ts'
import { parsePoolConfig } from '../../src/services/connection-pool/config.ts'
import { parseConnectorConfig } from '../../src/services/connectors/config.ts'
import { parseCandleConnectorConfig } from '../../src/services/historical-data/candle-connector.ts'
import { parseHistoricalDataConfig } from '../../src/services/historical-data/config.ts'
import { parseOrderServiceConfig } from '../../src/services/orders/config.ts'
import { section, tableRows } from '../../bench/figures/markdown.ts'
import { readPage, sourceOf, sourcesMatching } from './page.ts'
import { knownSigns, namedSigns } from './signs.ts'

const page = await readPage('docs/options.md')
const coordinator = resolveCoordinatorOptions({})
const component = resolveDefinition({ name: 'a', module: 'node:fs' }, coordinator.defaults)

/** What an option is when it is left out, by the code: each section against what its options are resolved to. */
const resolved: Record<string, object> = {
  'A component': { ...component, instances: component.instances.max },
  Recycling: resolveRecycle({}),
  Copies: { ...resolveInstances({ instances: { max: 2 } }), min: undefined },
  Restart: component.restart,
  Hibernate: resolveHibernateOptions({}),
  'The coordinator': withoutDefaults(coordinator),
  Memory: defaultMemoryOptions,
  Locks: resolveAcquireOptions(),
  Dashboard: resolveDashboardOptions({}),
  'Historical data': withBusyTimeout(parseHistoricalDataConfig({ path: 'a.db' })),
  'The connector of historical data': parseCandleConnectorConfig({ component: 'a' }),
  Orders: { ...parseOrderServiceConfig({ path: 'a.db' }), rules: undefined },
  'Connection pool': parsePoolConfig(),
  'Exchange connectors': { ...parseConnectorConfig({ exchange: 'a' }), exchange: undefined },
}
/** What only the caller can tell. */
const required = ['name', 'module', 'path', 'component', 'max']
/** Depends on the process. */
const ofTheProcess = ['directory', 'hibernate', 'memory']

describe.each(Object.entries(resolved))('options of "%s"', (heading, defaults) => {
  const rows = optionRows(heading)

  it('are all there, and no other', () => {
    const known = Object.keys(defaults).filter((name) => name !== 'exchange')
    expect(rows.map(({ name }) => name).toSorted()).toEqual(known.toSorted())
  })

  it('have the defaults of the code', () => {
    const known = defaults as Record<string, unknown>
    const comparable = rows.filter(({ name }) => !ofTheProcess.includes(name))
    const stated = comparable.map((row) => [
      row.name,
      required.includes(row.name) ? row.stated : readDefault(row.stated),
    ])
    const actual = comparable.map(({ name }) => [name, required.includes(name) ? '' : orUndefined(known[name])])
    expect(stated).toEqual(actual)
  })
})

/** Options that are resolved where they are used: names and defaults by what their interface says. */
const declared: Record<string, readonly string[]> = {
  'One call': ['CallOptions'],
  Metrics: ['MetricsOptions'],
  Fastify: ['SpillwayFastifyOptions', 'HealthOptions'],
  NestJS: ['SpillwayModuleOptions', 'HealthOptions'],
}

describe.each(Object.entries(declared))('options of "%s"', (heading, interfaces) => {
  it('are those of the interface, with the defaults it states', async () => {
    const members = (await Promise.all(interfaces.map(declaration))).flatMap(membersOf)
    const rows = optionRows(heading)
    expect(rows.map(({ name }) => name).toSorted()).toEqual(members.map(({ name }) => name).toSorted())
    const literals = members.filter(({ literal }) => literal !== undefined)
    const stated = (name: string): string | undefined =>
      rows.find((row) => row.name === name)?.stated.replaceAll('`', '')
    expect(literals.filter(({ name, literal = '' }) => !stated(name)?.startsWith(literal))).toEqual([])
  })
})

describe('options of "Environment"', () => {
  it('are the variables that are read', async () => {
    const told = tableRows(section(page, 'Environment')).map(([name = '']) => name.replaceAll('`', ''))
    const read = await sourcesMatching(/(?:process\.env|environment)\['(SPILLWAY_\w+)'\]/g)
    expect(told.toSorted()).toEqual([...new Set(read)].toSorted())
  })
})

describe('what shows that an option is wrong', () => {
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading)
  const rows = headings
    .flatMap((heading) => tableRows(section(page, heading)).map((cells) => ({ heading, cells })))
    .map(({ heading, cells }) => ({
      option: `${heading}: ${cells[0]}`,
      sign: cells[heading === 'Environment' ? 3 : 4],
    }))

  it('is told of every option', () => {
    expect(rows.length).toBeGreaterThan(150)
    expect(rows.filter(({ sign }) => !sign).map(({ option }) => option)).toEqual([])
  })

  it('is there: each metric, field, kind of advice, event, reason, error and line of the log that is named', async () => {
    const signs = await knownSigns()
    const unknown = rows.flatMap(({ option, sign = '' }) =>
      namedSigns(sign)
        .filter((name) => !signs.has(name))
        .map((name) => `${option}: ${name}`),
    )
    expect(unknown).toEqual([])
  })

  it('is read from a cell with what it is', () => {
    expect(namedSigns('advice `a`, `b` or `c`; log “it is so”; `SpillwayError` with reason `d`')).toEqual([
      'advice a',
      'advice b',
      'advice c',
      'SpillwayError',
      'reason d',
      'log it is so',
    ])
  })
})

describe('the test of the options', () => {
  it('reads defaults as the page writes them', () => {
    expect(readDefault('30,000')).toBe(30_000)
    expect(readDefault('0: learn it')).toBe(0)
    expect(readDefault('1.5 GiB')).toBe(1.5 * 1024 ** 3)
    expect(readDefault("`'component'`")).toBe('component')
    expect(readDefault('`{ load: 30_000, dispose: 5_000 }`')).toEqual({ load: 30_000, dispose: 5_000 })
    expect(readDefault('the total limit')).toBeUndefined()
  })
})

function optionRows(heading: string): { readonly name: string; readonly stated: string }[] {
  return tableRows(section(page, heading)).map(([name = '', , stated = '']) => ({
    name: name.replaceAll('`', ''),
    stated,
  }))
}

/** The value that a cell states; undefined for prose: then there must be no default of its own. */
function readDefault(cell: string): unknown {
  const size = /^([\d,]+(?:\.\d+)?)(?: ([KMG]iB))?(?=:|$)/.exec(cell)
  if (size) {
    const [, number = '', unit] = size
    const factor = unit === undefined ? 1 : 1024 ** ('KMG'.indexOf(unit.charAt(0)) + 1)
    return Number(number.replaceAll(',', '')) * factor
  }
  const literal = /^`([^`]+)`$/.exec(cell)?.[1]
  if (literal === undefined || literal === 'shutdownTimeout') return undefined
  const json = literal
    .replaceAll(/(\d)_(?=\d)/g, '$1')
    .replaceAll(/(\w+):/g, '"$1":')
    .replaceAll("'", '"')
  return JSON.parse(json)
}

/** An empty list or record is no default to be told. */
function orUndefined(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value
}

function withoutDefaults({ defaults, ...options }: typeof coordinator): object {
  return { ...options, timeout: defaults, autoUnloadEnabled: options.memory.autoUnloadEnabled }
}

/** The service's own name for the wait: its `timeout` is the component's. */
function withBusyTimeout({ timeout, ...config }: ReturnType<typeof parseHistoricalDataConfig>): object {
  return { ...config, busyTimeout: timeout }
}

/** The body of an interface, wherever in src it is. */
const declaration = async (name: string): Promise<string> =>
  sourceOf(new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm'))

/** Its members, each with the default that its comment states, where that is a literal. */
function membersOf(body: string): { readonly name: string; readonly literal: string | undefined }[] {
  const members = [...body.matchAll(/((?: {2}(?:\/\*\*| \*)[^\n]*\n)*) {2}readonly (\w+)\??:/g)]
  return members.map(([, comment = '', name = '']) => ({
    name,
    literal: /Default (\d[\d,]*\d|\d|true|false|'[^']+')/.exec(comment)?.[1],
  }))
}
