import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator } from '../src/index.ts'
import type leaks from '../test/fixtures/leaks.ts'
import type { LeakKind } from '../test/fixtures/leaks.ts'
import { pino } from 'pino'

/**
 * A leak beside innocents, in real workers: seconds until it is named, how often its garbage was collected for that, and what happened to the innocents meanwhile.
 * `node bench/culprit.ts [--only NAME] [--seconds 120]`.
 */

interface Scenario {
  readonly name: string
  /** MiB/s that is kept, and that is not. */
  readonly leak: number
  readonly garbage?: number
  readonly kind?: LeakKind
  readonly isolation?: 'process'
  /** It leaks by itself, and nobody calls it. */
  readonly alone?: boolean
}

const scenarios: readonly Scenario[] = [
  { name: '0.2 MiB/s', leak: 0.2 },
  { name: '1 MiB/s', leak: 1 },
  { name: '10 MiB/s', leak: 10 },
  { name: '50 MiB/s', leak: 50 },
  { name: '1 MiB/s in buffers', leak: 1, kind: 'buffers' },
  { name: '1 MiB/s in shared buffers', leak: 1, kind: 'shared' },
  { name: '1 MiB/s reported', leak: 1, kind: 'reported' },
  { name: '1 MiB/s in a process', leak: 1, isolation: 'process' },
  { name: '1 MiB/s that nobody calls', leak: 1, alone: true },
  { name: '1 MiB/s beside 20 MiB/s of garbage', leak: 1, garbage: 20 },
  { name: '20 MiB/s of garbage', leak: 0, garbage: 20 },
  { name: '2 MiB/s of garbage', leak: 0, garbage: 2 },
]
const mib = 1024 ** 2
const argument = (name: string): string | undefined => process.argv[process.argv.indexOf(`--${name}`) + 1 || 1e9]
const only = argument('only')
const longest = Number(argument('seconds') ?? 90)

for (const scenario of scenarios) {
  if (only !== undefined && !scenario.name.includes(only)) continue
  console.log(scenario.name, JSON.stringify(await run(scenario)))
}

async function run({ leak, garbage = 0, kind = 'objects', isolation, alone }: Scenario): Promise<object> {
  await using coordinator = new ComponentCoordinator({
    logger: pino({ level: process.env['LOG'] ?? 'silent' }),
    memory: { totalLimit: '488mb' },
  })
  const module = new URL('../test/fixtures/leaks.ts', import.meta.url)
  const culprit = coordinator.registerComponent<typeof leaks>({
    name: 'culprit',
    module,
    ...(isolation && { isolation }),
  })
  const innocents = Array.from({ length: 3 }, (_, i) =>
    coordinator.registerComponent<typeof leaks>({ name: `innocent-${i}`, module }),
  )
  const unloads = new Map<string, number>()
  coordinator.on('unload', ({ name }) => unloads.set(name, (unloads.get(name) ?? 0) + 1))
  await Promise.all(innocents.map(async (each) => each.leak('buffers', 20 * mib)))
  await culprit.ok()
  const start = performance.now()
  const seen: { id: string; after: number; over: boolean; unloadsOfOthers: number }[] = []
  let message = ''
  coordinator.on('advice', ({ id, over, message: text }) => {
    const others = Math.max(0, ...[...unloads].filter(([name]) => name !== 'culprit').map(([, count]) => count))
    seen.push({ id, after: Math.round((performance.now() - start) / 100) / 10, over, unloadsOfOthers: others })
    if (id === 'growing:culprit' && !over) message = text
  })
  if (alone) await culprit.leakOn(kind, leak * mib, 1_000)
  const interval = 50
  const end = start + longest * 1_000
  let enough = Infinity
  let last = start
  while (performance.now() < Math.min(end, enough)) {
    const owed = ((performance.now() - last) / 1_000) * mib
    last = performance.now()
    if (!alone) {
      if (leak > 0) await culprit.leak(kind, leak * owed).catch(() => {})
      if (garbage > 0) await culprit.waste(garbage * owed).catch(() => {})
    }
    if (Math.random() < 0.05) await innocents[Math.floor(Math.random() * 3)]?.ok().catch(() => {})
    await sleep(interval)
    if (enough === Infinity && seen.some(({ id }) => id === 'growing:culprit')) enough = performance.now() + 3_000
  }
  const named = seen.find(({ id }) => id === 'growing:culprit')
  return {
    named: named ?? null,
    others: seen.filter(({ id }) => id.startsWith('growing:innocent')),
    collections: coordinator.memory.leaks.proofs,
    message,
  }
}
