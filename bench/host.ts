/**
 * Threads and processes of Spillway beside what one would take instead: a bare Worker, a bare fork, Piscina, tinypool, workerpool, jest-worker. Each
 * contender is measured in a process of its own, and they take turns, so that what else the machine does hits all of them. Flags of Node are passed on:
 * without `--no-memory-pool-share-memory-on-teardown`, which `npm run bench:host` gives, a thread's memory is not back within 3 s, whosever it is.
 *
 * --rows cold,call ...; --contenders fork,spillway (any part of a name); --quick: fewer and shorter rounds, good for a first look only.
 */
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { contenders } from './host/contenders.ts'
import type { Entry } from './host/contenders.ts'
import { installPeers } from './host/install-peers.ts'
import { table } from './host/report.ts'
import type { Results } from './host/report.ts'
import { rows } from './host/rows.ts'
import type { Row } from './host/rows.ts'
import { Subject } from './host/subject.ts'
import { verdict } from './host/verdict.ts'
import { Progress } from './policy/progress.ts'

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    contenders: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
  },
})
const isQuick = values.quick
/** ms */
const time = isQuick ? 100 : 250
const chosenRows = chosen(
  'rows',
  rows,
  ({ id }) => id,
  (id, part) => id === part,
)
const chosenContenders = chosen(
  'contenders',
  contenders,
  ({ name }) => name,
  (name, part) => name.includes(part),
)

function chosen<T>(
  option: 'rows' | 'contenders',
  all: readonly T[],
  nameOf: (each: T) => string,
  matches: (name: string, part: string) => boolean,
): T[] {
  const known = all.map(nameOf)
  const parts = values[option].split(',').filter(Boolean)
  const unknown = parts.find((part) => !all.some((each) => matches(nameOf(each), part)))
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}: expected some of ${known.join(', ')}`)
  return all.filter((each) => parts.length === 0 || parts.some((part) => matches(nameOf(each), part)))
}

const roundsOf = (row: Row): number => (isQuick ? Math.ceil(row.rounds / 3) : row.rounds)
const progress = new Progress(
  chosenRows.reduce((sum, row) => sum + (roundsOf(row) + (row.fresh ? 0 : 1)) * chosenContenders.length, 0),
)

async function measure(row: Row): Promise<Results> {
  const results = new Map<Entry, (readonly (number | undefined)[])[] | Error>(
    chosenContenders.map((each) => [each, []]),
  )
  await using stack = new AsyncDisposableStack()
  const subjects = new Map<Entry, Subject>()
  /** One that fails is asked no more. */
  const inTurns = async (label: string, turn: (contender: Entry) => Promise<void>): Promise<void> => {
    for (const contender of chosenContenders) {
      progress.advance(`${row.id}: ${contender.name}, ${label}`)
      if (results.get(contender) instanceof Error) continue
      await turn(contender).catch((error: unknown) => {
        results.set(contender, error instanceof Error ? error : new Error(String(error)))
      })
    }
  }
  const record = async (contender: Entry, subject: Subject): Promise<void> => {
    const figures = await subject.round()
    const rounds = results.get(contender)
    if (Array.isArray(rounds)) rounds.push(figures)
  }
  if (!row.fresh) {
    await inTurns('start', async (contender) => {
      subjects.set(contender, stack.use(await Subject.start(contender, row, time)))
    })
  }
  const rounds = roundsOf(row)
  for (let round = 1; round <= rounds; round++) {
    await inTurns(`round ${round} of ${rounds}`, async (contender) => {
      const subject = subjects.get(contender)
      if (subject) return record(contender, subject)
      await using fresh = await Subject.start(contender, row, time)
      await record(contender, fresh)
    })
  }
  return results
}

await installPeers()
const began = performance.now()
const all = new Map<Row, Results>()
for (const [index, row] of chosenRows.entries()) {
  if (!process.stderr.isTTY) {
    process.stderr.write(`${row.id}: ${roundsOf(row)} rounds, row ${index + 1} of ${chosenRows.length}\n`)
  }
  all.set(row, await measure(row))
}
progress.end()

console.log(
  `Node ${[process.version, ...process.execArgv].join(' ')}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}; ` +
    `${Math.round((performance.now() - began) / 1_000)} s${isQuick ? ', --quick: a first look only' : ''}; in brackets: times worse than the best of the table`,
)
for (const isolation of ['thread', 'process'] as const) {
  const columns = chosenContenders.filter((each) => each.isolation === isolation)
  if (columns.length > 0)
    console.log(`\n${table(isolation === 'thread' ? 'threads' : 'processes', chosenRows, all, columns)}`)
}
const problems = new Set(
  [...all.values()].flatMap((results) =>
    [...results].flatMap(([{ name }, result]) => (result instanceof Error ? `${name}: ${result.message}` : [])),
  ),
)
for (const problem of problems) console.log(`\nnot available: ${problem}`)
const lines = verdict(all)
if (lines.length > 0) console.log(`\n${lines.join('\n')}`)
