import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { costByCalls, costBySize, type CostModel } from './cost-model.ts'
import { csvRows } from './csv-lines.ts'
import { createRandom, type Random } from './random.ts'
import { inOrder, type Trace, type TraceCall, type TraceComponent } from './trace.ts'

const MIB = 1024 ** 2
const MINUTE = 60_000
const MINUTES_PER_DAY = 1_440
/**
 * Calls of one application within seconds of each other find it loaded: more a minute than this change nothing but the
 * run time.
 */
const MOST_CALLS_PER_MINUTE = 12
/** Where the trace does not say: about the median of the published one. */
const USUAL_MEGABYTES = 150
const USUAL_CALL_TIME = 100

export interface AzureTraceOptions {
  /** Of the spread of calls within their minute, and of the choice of applications. */
  readonly seed: number
  /** How many applications to take. */
  readonly applications: number
  readonly cost: CostModel
}

/** What is gathered of an application, which is what holds memory there: its functions share a process. */
interface Application {
  readonly perMinute: Map<number, number>
  megabytes: number
  callTime: number
  calls: number
  /** By how much the longest call of a function was longer than its average one, ms: the most of its functions. */
  excess: number
}

/**
 * Reads a folder in the layout of the Azure Functions trace of 2019 (https://github.com/Azure/AzurePublicDataset):
 * `invocations_per_function_md.anon.dNN.csv`, and where they exist `app_memory_percentiles.anon.dNN.csv` and
 * `function_durations_percentiles.anon.dNN.csv`. Several days follow one another.
 *
 * @throws Error when there is no invocation file, or a column is missing.
 */
export async function readAzureTrace(folder: string, options: AzureTraceOptions): Promise<Trace> {
  const files = (await readdir(folder)).sort()
  const of = (kind: string): string[] => files.filter((file) => file.startsWith(`${kind}.`) && file.endsWith('.csv'))
  const invocations = of('invocations_per_function_md.anon')
  if (invocations.length === 0) {
    throw new Error(`${folder} has no file invocations_per_function_md.anon.dNN.csv`)
  }
  const random = createRandom(options.seed)
  const applications = await chooseApplications(folder, invocations, options.applications, random)
  for (const [day, file] of invocations.entries()) await readInvocations(join(folder, file), day, applications)
  for (const file of of('app_memory_percentiles.anon')) await readMemory(join(folder, file), applications)
  for (const file of of('function_durations_percentiles.anon')) await readDurations(join(folder, file), applications)
  return assemble(basename(folder), applications, random, options.cost)
}

const idOf = (cell: (column: string) => string): string => `${cell('HashOwner')}/${cell('HashApp')}`

/** A random choice of those that are called at all, the same for the same seed. */
async function chooseApplications(
  folder: string,
  files: readonly string[],
  count: number,
  random: Random,
): Promise<Map<string, Application>> {
  const ids = new Set<string>()
  for (const file of files) for await (const cell of csvRows(join(folder, file))) ids.add(idOf(cell))
  const chosen = ids.size <= count ? [...ids] : random.shuffle([...ids]).slice(0, count)
  return new Map(chosen.map((id) => [id, { perMinute: new Map(), megabytes: 0, callTime: 0, calls: 0, excess: 0 }]))
}

async function readInvocations(path: string, day: number, applications: Map<string, Application>): Promise<void> {
  for await (const cell of csvRows(path)) {
    const application = applications.get(idOf(cell))
    if (application === undefined) continue
    for (let minute = 1; minute <= MINUTES_PER_DAY; minute++) {
      const count = Number(cell(String(minute)))
      if (!(count > 0)) continue
      const at = day * MINUTES_PER_DAY + minute - 1
      application.perMinute.set(at, (application.perMinute.get(at) ?? 0) + count)
    }
  }
}

async function readMemory(path: string, applications: Map<string, Application>): Promise<void> {
  for await (const cell of csvRows(path)) {
    const application = applications.get(idOf(cell))
    const megabytes = Number(cell('AverageAllocatedMb'))
    if (application !== undefined && megabytes > 0) {
      application.megabytes = Math.max(application.megabytes, megabytes)
    }
  }
}

async function readDurations(path: string, applications: Map<string, Application>): Promise<void> {
  for await (const cell of csvRows(path)) {
    const application = applications.get(idOf(cell))
    const [average, count] = [Number(cell('Average')), Number(cell('Count'))]
    if (application === undefined || !(average >= 0) || !(count > 0)) continue
    const calls = application.calls + count
    application.callTime += ((average - application.callTime) * count) / calls
    application.calls = calls
    application.excess = Math.max(application.excess, Number(cell('Maximum')) - average)
  }
}

function assemble(name: string, applications: Map<string, Application>, random: Random, cost: CostModel): Trace {
  const components: TraceComponent[] = []
  const calls: TraceCall[] = []
  for (const [id, application] of applications) {
    if (application.perMinute.size === 0) continue
    const component = components.length
    const megabytes = application.megabytes > 0 ? application.megabytes : USUAL_MEGABYTES
    components.push({
      name: id,
      bytes: Math.round(megabytes * MIB),
      initCost: cost === 'size' ? costBySize(megabytes) : costByCalls(application.excess),
      callTime: Math.max(1, Math.round(application.calls > 0 ? application.callTime : USUAL_CALL_TIME)),
    })
    for (const [minute, count] of application.perMinute) {
      for (let i = Math.min(count, MOST_CALLS_PER_MINUTE); i > 0; i--) {
        calls.push({ time: (minute + random.next()) * MINUTE, component })
      }
    }
  }
  return { name, cost, components, calls: inOrder(calls) }
}
