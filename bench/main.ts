/**
 * Spillway beside what one would take instead, suite by suite: `npm run bench`. Each contender is measured in a process of its own, and they take turns
 * within a round, so that what else the machine does hits all of them; what is told is the median of the rounds' ratios, with the least and the most.
 *
 * --quick: fewer and shorter rounds, good for a first look only; --suites call,data: only those; --strict: ends with exit code 1 when a target is missed;
 * --out folder: where the results go as JSON (bench/results, which docs/figures.md is made from; with --quick bench/results/quick).
 */
import { availableParallelism, loadavg } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Progress } from './harness/progress.ts'
import { machineLine, report } from './harness/report.ts'
import { writeResults } from './harness/results.ts'
import type { CaseResults, Machine, SuiteResults } from './harness/results.ts'
import { roundsOf, runCase, stepsOf } from './harness/run-case.ts'
import type { Suite } from './harness/suite.ts'
import { importSuite, moduleOf, suiteNames } from './harness/suites.ts'
import { installPeers, versionsOfPeers } from './contenders/install.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    suites: { type: 'string', default: '' },
    out: { type: 'string' },
  },
})
const { quick, strict } = values
const setup = { quick, time: quick ? 60 : 250 }
const folder = values.out
  ? pathToFileURL(`${resolve(values.out)}/`)
  : new URL(quick ? 'results/quick/' : 'results/', import.meta.url)

const known = await suiteNames()
const asked = values.suites.split(',').filter(Boolean)
const unknown = asked.find((name) => !known.includes(name))
if (unknown !== undefined) {
  console.error(`--suites ${unknown}: expected some of ${known.join(', ')}`)
  process.exit(2)
}
await installPeers()
const suites = new Map<string, Suite>()
for (const name of asked.length > 0 ? asked : known) suites.set(name, await importSuite(moduleOf(name)))

const began = performance.now()
const secondsSince = (time: number): number => Math.round((performance.now() - time) / 100) / 10
const load = (): number => loadavg()[0] ?? 0
const firstLoad = load()
const machine: Omit<Machine, 'load'> = {
  node: [process.version, ...process.execArgv].join(' '),
  platform: `${process.platform} ${process.arch}`,
  cores: availableParallelism(),
  versions: await versionsOfPeers(),
}
const progress = new Progress(
  [...suites.values()].flatMap(({ cases }) => cases).reduce((sum, each) => sum + stepsOf(each, quick), 0),
)

async function runSuite(suite: string, { title, cases }: Suite): Promise<SuiteResults> {
  const start = performance.now()
  const before = load()
  const done: CaseResults[] = []
  for (const each of cases.filter((one) => roundsOf(one, quick) > 0)) {
    if (!process.stderr.isTTY) process.stderr.write(`${suite}, ${each.id}: ${roundsOf(each, quick)} rounds\n`)
    done.push(await runCase(moduleOf(suite), each, setup, (label) => progress.advance(`${suite}, ${label}`)))
  }
  return {
    suite,
    title,
    measuredAt: new Date().toISOString(),
    quick,
    seconds: secondsSince(start),
    machine: { ...machine, load: [before, load()] },
    cases: done,
  }
}

const all: SuiteResults[] = []
for (const [name, suite] of suites) {
  const results = await runSuite(name, suite)
  progress.end()
  console.log(`${report(results)}\n  ${results.seconds} s`)
  await writeResults(folder, results)
  all.push(results)
}

const verdicts = all.flatMap(({ suite, cases }) =>
  cases.flatMap((each) => each.verdicts.map((verdict) => ({ suite, ...verdict }))),
)
const missed = verdicts.filter(({ result }) => result === 'MISSED').length
console.log(`\n=== targets: ${verdicts.filter(({ result }) => result === 'met').length} met, ${missed} MISSED`)
for (const { suite, result, text } of verdicts) console.log(`${result.padEnd(10)} ${suite}: ${text}`)
console.log(
  `\n1.2x (1.1-1.3): 34 means 1.2 times what the contender with 1 has, the median of the rounds' ratios, with the least and the most; and 34 as such.`,
)
// Waiting for a processor is in times, but not in processor time.
if (Math.max(firstLoad, load()) > machine.cores) {
  console.log('The machine was busy: ratios of processor time and of memory mean more than those of times.')
}
console.log(
  `${machineLine({ ...machine, load: [firstLoad, load()] })}\n` +
    `${secondsSince(began)} s${quick ? ', --quick: a first look only' : ''}`,
)
if (strict && missed > 0) process.exitCode = 1
