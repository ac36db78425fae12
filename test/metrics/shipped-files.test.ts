import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { collectMetrics } from '../../src/metrics/index.ts'
import { quietCoordinator } from '../support/coordinator.ts'
import { debianTool, installDeadline } from '../support/debian-tool.ts'

const run = promisify(execFile)
const shipped = (name: string): string => fileURLToPath(new URL(`../../src/metrics/${name}`, import.meta.url))

/** The names of all series there can be, those of histograms with their suffixes. */
async function knownSeries(): Promise<Set<string>> {
  await using coordinator = quietCoordinator()
  const registry = new Registry()
  using _collecting = collectMetrics(coordinator, { registry })
  const names = (await registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
    String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  )
  return new Set(names)
}

const usedIn = (expression: string): string[] => expression.match(/\bspillway_\w+/g) ?? []

describe('the Grafana dashboard', () => {
  it('asks for metrics that exist, in panels that do not overlap', async () => {
    const dashboard = JSON.parse(await readFile(shipped('grafana-dashboard.json'), 'utf8')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number }; targets?: { expr: string }[] }[]
      templating: { list: { query: string | { query: string } }[] }
      annotations: { list: { expr: string }[] }
    }
    const known = await knownSeries()
    const expressions = [
      ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...dashboard.templating.list.map(({ query }) => (typeof query === 'string' ? query : query.query)),
      ...dashboard.annotations.list.map(({ expr }) => expr),
    ]
    const used = new Set(expressions.flatMap((expression) => usedIn(expression)))
    expect(used.size).toBeGreaterThan(30)
    expect([...used].filter((name) => !known.has(name))).toEqual([])

    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
})

describe('the alert rules', () => {
  it('ask for metrics that exist', async () => {
    const known = await knownSeries()
    const rules = await readFile(shipped('alerts.yml'), 'utf8')
    const expressions = rules.split('\n').filter((line) => !/^\s*(#|- name:)/.test(line))
    const used = new Set(usedIn(expressions.join('\n')))
    expect(used.size).toBeGreaterThan(10)
    expect([...used].filter((name) => !known.has(name))).toEqual([])
  })

  it(
    'are found right by promtool',
    async ({ skip }) => {
      const promtool = await debianTool('promtool', 'prometheus').catch((error: unknown) => error as Error)
      if (typeof promtool !== 'string') {
        const notChecked = `NOT CHECKED: whether Prometheus takes alerts.yml. ${promtool.message}`
        process.stderr.write(`\n${'!'.repeat(80)}\n${notChecked}\n${'!'.repeat(80)}\n`)
        return skip(notChecked)
      }
      const { stdout } = await run(promtool, ['check', 'rules', shipped('alerts.yml')])
      expect(stdout).toContain('SUCCESS')
    },
    installDeadline,
  )
})
