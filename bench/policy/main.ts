/**
 * Replays invocation traces through Spillway's policies, pressure machine and admission rule, with a simulated clock
 * and no workers.
 */
import { parseArgs } from 'node:util'
import { readAzureTrace } from './azure-trace.ts'
import { runExperiment, stepsPerExperiment, type Outcome } from './experiment.ts'
import { Progress } from './progress.ts'
import { formatReport } from './report.ts'
import type { Trace } from './trace.ts'
import { defaultWorkloadOptions, generateWorkload, workloadNames, type WorkloadName } from './workloads.ts'

const usage = `bench/policy/main.ts [--workload <name>]... [--csv <folder>...] [--limit <share>]... [--json]
                     [--seed <n>] [--hours <n>] [--apps <n>]

  --workload  ${workloadNames.join(', ')}; default all of them
  --csv       folders in the layout of the Azure Functions trace of 2019, instead of the generated workloads
  --limit     share of the footprint of all components; default 0.1, 0.15 and 0.2
  --seed      of what is drawn: workloads, and which applications of a CSV trace; default ${defaultWorkloadOptions.seed}
  --hours     length of the generated workloads; default ${defaultWorkloadOptions.duration / 3_600_000}
  --apps      how many applications to take from a CSV trace; default 200
  --json      results as JSON`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workload: { type: 'string', multiple: true },
      csv: { type: 'string', multiple: true },
      limit: { type: 'string', multiple: true },
      seed: { type: 'string' },
      hours: { type: 'string' },
      apps: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  if (positionals.length > 0 && values.csv === undefined) throw new Error(`Unexpected "${positionals[0]}"\n${usage}`)
  const seed = positive('seed', values.seed, defaultWorkloadOptions.seed)
  const shares = (values.limit ?? ['0.1', '0.15', '0.2']).map((share) => positive('limit', share, 0))
  const folders = [...(values.csv ?? []), ...positionals]
  const workloads = (values.workload ?? workloadNames).map(workloadName)
  const duration = positive('hours', values.hours, defaultWorkloadOptions.duration / 3_600_000) * 3_600_000

  const sources: (() => Trace | Promise<Trace>)[] =
    folders.length > 0
      ? folders.map(
          (folder) => () =>
            readAzureTrace(folder, { seed, cost: 'size', applications: positive('apps', values.apps, 200) }),
        )
      : workloads.map((name) => () => generateWorkload(name, { seed, duration }))
  const progress = new Progress(sources.length * shares.length * stepsPerExperiment)
  const outcomes: Outcome[] = []
  try {
    for (const source of sources) {
      const trace = await source()
      for (const share of shares) {
        outcomes.push(runExperiment(trace, share, () => progress.advance(`${trace.name} at ${share * 100}%`)))
      }
    }
  } finally {
    progress.end()
  }
  console.log(values.json ? JSON.stringify({ seed, outcomes }, undefined, 2) : formatReport(outcomes))
}

function workloadName(name: string): WorkloadName {
  const known = workloadNames.find((candidate) => candidate === name)
  if (known === undefined) throw new Error(`No workload "${name}"; there are ${workloadNames.join(', ')}`)
  return known
}

function positive(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new Error(`--${option} has to be a number above 0, not "${text}"`)
  return value
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
