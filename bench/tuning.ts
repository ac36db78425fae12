/**
 * What each constant of src/memory/tuning.ts does: halves and doubles one after the other, simulates thousands of lives of components and two workloads,
 * and prints what changes by more than half a percent. One that changes nothing there is either of no use, or about real workers, which the simulator has
 * not; those say which benchmark shows them. Takes some five minutes. `--seeds <n>` (default 300), `--only <name>`.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { Progress } from './harness/progress.ts'

const run = promisify(execFile)
const hook = new URL('tuning/scale-hook.ts', import.meta.url).href
const script = fileURLToPath(new URL('tuning/measure.ts', import.meta.url))
/** Less than that is noise to whoever reads it. */
const worthPrinting = 0.005

type Figures = Readonly<Record<string, number>>

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '300' }, only: { type: 'string' } } })

async function measure(name = '', factor = 1): Promise<Figures> {
  const env = { ...process.env, SPILLWAY_SCALE: name === '' ? '' : `${name}=${factor}` }
  const { stdout } = await run(process.execPath, ['--import', hook, script, values.seeds], { env })
  return JSON.parse(stdout) as Figures
}

/** As in "loads +3%, peak -1%"; empty where nothing has changed that is worth it. */
function changes(before: Figures, after: Figures): string {
  const parts: string[] = []
  for (const [what, figure] of Object.entries(after)) {
    const from = before[what] ?? 0
    const change = from === figure ? 0 : (figure - from) / Math.max(1, Math.abs(from))
    if (Math.abs(change) >= worthPrinting) parts.push(`${what} ${change > 0 ? '+' : ''}${(change * 100).toFixed(1)}%`)
  }
  return parts.join(', ')
}

const source = await readFile(new URL('../src/memory/tuning.ts', import.meta.url), 'utf8')
const names = [...source.matchAll(/^export const (\w+)/gm)].map(([, name = '']) => name)
const asked = names.filter((name) => values.only === undefined || name === values.only)
const jobs = asked.flatMap((name) => [0.5, 2].map((factor) => ({ name, factor })))
const before = await measure()
const results = new Map<string, string>()
const progress = new Progress(jobs.length)
const work = async (): Promise<void> => {
  for (let job = jobs.shift(); job; job = jobs.shift()) {
    const { name, factor } = job
    const result = await measure(name, factor).then(
      (after) => changes(before, after),
      (error: Error) => `fails: ${error.message.split('\n')[0]}`,
    )
    results.set(`${name} ${factor}`, result)
    progress.advance(name)
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work))
progress.end()

console.log(`${values.seeds} seeds; as it is: ${JSON.stringify(before)}`)
let idle = 0
for (const name of asked) {
  const [half = '', double = ''] = [0.5, 2].map((factor) => results.get(`${name} ${factor}`) ?? '')
  if (half === '' && double === '') idle++
  console.log(`${name}\n  half    ${half || 'nothing'}\n  double  ${double || 'nothing'}`)
}
console.log(`${names.length} constants; ${idle} change nothing in the simulator`)
