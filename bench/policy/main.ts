/**
 * Replays invocation traces through Spillway's policies, pressure machine and admission rule, with a simulated clock
 * and no workers.
 */
import { parseArgs } from 'node:util'
import { readAzureTrace } from './azure-trace.ts'
import { costModels, type CostModel } from './cost-model.ts'
import { runExperiment, stepsPerExperiment, type Outcome } from './experiment.ts'
import { formatFill, runFill, stepsPerFill, type FillOutcome } from './fill.ts'
import { Progress } from '../harness/progress.ts'
import { formatReport } from './report.ts'
import type { Trace } from './trace.ts'
import { defaultWorkloadOptions, generateWorkload, workloadNames, type WorkloadName } from './workloads.ts'

const defaultShares = ['0.1', '0.15', '0.2', '0.3', '0.4', '0.5', '0.7'] as const

const usage = `bench/policy/main.ts [--workload <name>]... [--csv <folder>...] [--limit <share>]... [--cost size|faascache|both]
                     [--fill] [--json] [--seed <n>] [--hours <n>] [--apps <n>]

  --workload  ${workloadNames.join(', ')}; default all of them
  --csv       folders in the layout of the Azure Functions trace of 2019, instead of the generated workloads; it is
              published at https://github.com/Azure/AzurePublicDataset
  --limit     share of the footprint of all components; default ${defaultShares.join(', ')}
  --cost      of loads: size, faascache or both; default both
  --fill      instead: what the headroom costs that the thresholds leave
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
      cost: { type: 'string' },
      fill: { type: 'boolean' },
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
  const shares = (values.limit ?? defaultShares).map((share) => positive('limit', share, 0))
  const folders = [...(values.csv ?? []), ...positionals]
  const workloads = (values.workload ?? workloadNames).map(workloadName)
  const duration = positive('hours', values.hours, defaultWorkloadOptions.duration / 3_600_000) * 3_600_000

  const costs = costsOf(values.cost ?? 'both')
  const applications = positive('apps', values.apps, 200)
  const sources: ((cost: CostModel) => Trace | Promise<Trace>)[] =
    folders.length > 0
      ? folders.map((folder) => (cost) => readAzureTrace(folder, { seed, applications, cost }))
      : workloads.map((name) => (cost) => generateWorkload(name, { seed, duration, cost }))
  const steps = values.fill ? stepsPerFill : stepsPerExperiment
  const progress = new Progress(sources.length * costs.length * shares.length * steps)
  const outcomes: Outcome[] = []
  const fillOutcomes: FillOutcome[] = []
  try {
    for (const source of sources) {
      for (const cost of costs) {
        const trace = await source(cost)
        for (const share of shares) {
          const onStep = (): void => progress.advance(`${trace.name} ${cost} at ${share * 100}%`)
          if (values.fill) fillOutcomes.push(runFill(trace, share, onStep))
          else outcomes.push(runExperiment(trace, share, onStep))
        }
      }
    }
  } finally {
    progress.end()
  }
  if (values.json) console.log(JSON.stringify(values.fill ? { seed, fillOutcomes } : { seed, outcomes }, undefined, 2))
  else console.log(values.fill ? formatFill(fillOutcomes) : formatReport(outcomes))
}

function costsOf(name: string): readonly CostModel[] {
  if (name === 'both') return costModels
  const known = costModels.find((candidate) => candidate === name)
  if (known === undefined) throw new Error(`No cost model "${name}"; there are ${costModels.join(', ')} and both`)
  return [known]
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
