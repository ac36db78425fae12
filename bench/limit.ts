/**
 * The memory manager at full length, with real workers: components that do not fit together under their limit, one that allocates without end,
 * two that push each other out, everything in use at critical pressure, a blocked worker, pages that stay, many workers. Each
 * scenario runs in a process of its own. Takes some five minutes.
 */
import { availableParallelism } from 'node:os'
import { returnAtEndFlag } from '../src/memory/act/page-pool.ts'
import { runScenario } from './limit/run-scenario.ts'

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`
const ms = (time: number): string => `${time.toFixed(1)} ms`
const major = Number.parseInt(process.versions.node, 10)
const variants: readonly (readonly string[])[] = major >= 26 ? [[], [returnAtEndFlag]] : [[]]

function print(
  title: string,
  rows: readonly (readonly [what: string, value: string | number | boolean, asked?: string])[],
): void {
  console.log(`\n${title}`)
  for (const [what, value, asked = ''] of rows) {
    console.log(`  ${what.padEnd(58)}${String(value).padStart(16)}${asked === '' ? '' : `   (asked: ${asked})`}`)
  }
}

console.log(`Node ${process.version}, ${availableParallelism()} processors`)

for (const execArgv of variants) {
  for (const hogRate of [0, 300]) {
    const options = { limit: 512, smallest: 40, largest: 120, seconds: 60, leastUnloads: 0, seed: 42, hogRate }
    const result = await runScenario('twelve', options, { execArgv })
    const hog = hogRate === 0 ? '' : `, and one that allocates ${hogRate} MiB/s`
    print(
      `Twelve components of 40 to 120 MiB under 512 MiB for 60 s${hog}${execArgv.length > 0 ? ` (${returnAtEndFlag})` : ''}`,
      [
        ['calls', result.calls],
        ['calls that failed', result.failures.length, '0'],
        ...result.failures.map((failure) => ['', failure] as const),
        ['largest accounted usage', percent(result.peakUsage), hogRate === 0 ? 'at most 100%' : 'at most 110%'],
        ['largest resident set', percent(result.peakRss)],
        [
          'unloads of priority 20 / 50 / 80',
          [20, 50, 80].map((priority) => result.unloadsOf[priority] ?? 0).join(' / '),
        ],
        ['unloads while something less important was idle', result.outOfOrder, '0'],
        ['slowest call, loads and waiting for memory included', ms(result.slowestCall)],
        ['longest stall of the main thread', ms(result.stall)],
        ...(hogRate === 0 ? [] : [['what became of the one that allocates', result.hog, 'memory-limit'] as const]),
      ],
    )
  }
}

const turns = await runScenario('takingTurns', { limit: 512, seconds: 60, timeout: 30_000 })
print('Two components of 60% of the limit each, called in turn for 60 s', [
  ['calls', turns.calls],
  ['calls that failed', turns.failures.length, '0'],
  ['loads', turns.loads, 'bounded by the residency rule: 4, then one per 15 s'],
  ['says that they thrash', turns.thrashing, 'true'],
  ['largest accounted usage', percent(turns.peakUsage), 'at most 100%'],
])

const busy = await runScenario('allBusy', { limit: 300, seconds: 10 })
print('Everything in use at critical pressure, for 10 s', [
  ['unloads', busy.unloads, '0'],
  ['exhausted', busy.exhausted, '1'],
  ['samples a second', (busy.samples / 10).toFixed(1)],
  ['main thread', percent(busy.cpu), 'under 2%'],
])

const blocked = await runScenario('blocked', { time: 8_000 })
print('A worker blocked in a native call for 8 s', [
  ['its row is stale, and counted', blocked.stale && blocked.counted, 'true'],
  ['oldest figures of the others', ms(blocked.oldest), 'two intervals, of 25 to 50 ms'],
  ['longest stall of the main thread', ms(blocked.stall)],
])

for (const execArgv of variants) {
  const flag = execArgv.length > 0 ? ` (${returnAtEndFlag})` : ''
  const sticky = await runScenario('sticky', undefined, { execArgv })
  print(`An unload after which the resident set need not fall${flag}`, [
    ['held by what was unloaded', `${sticky.released.toFixed(0)} MiB`],
    ['resident set fell within 2 s by', `${sticky.fell.toFixed(0)} MiB`],
    ['further unloads', sticky.further, '0'],
  ])
  const second = await runScenario('secondGeneration', { rate: 300 }, { execArgv })
  print(`A second generation that grows by 300 MiB/s into the pages of the first, limit 128 MiB${flag}`, [
    ['end', second.end, 'memory-limit'],
    ['held at the end, of its limit', percent(second.held), 'ended outright at 150%'],
    ['resident set grew meanwhile by', `${second.grew.toFixed(0)} MiB`],
  ])
}

const many = await runScenario('many', { workers: 100, registered: 10_000 })
print('100 idle workers, 10,000 registered components', [
  ['main thread for a sample of all workers', ms(many.sample), 'under 10 ms'],
  ['for each worker', `${many.perWorker.toFixed(1)} us`, 'under 25 us'],
  ['main thread in a second in which nothing happens', ms(many.idleSecond)],
  ['one registration', `${many.registration.toFixed(1)} us`, 'under 50 us'],
  ['main thread for a sample with none loaded', ms(many.tick), 'under 1 ms'],
])
