/** A cluster of its own, some faults one after the other or side by side, and what must hold afterwards; all of it from a seed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { OrderService } from '../../../src/services/orders/order-service.ts'
import { contradictions, unexpected } from '../../cluster/host/load.ts'
import type { Load, Outcome } from '../../cluster/host/load.ts'
import { begun, violations } from '../../cluster/host/record.ts'
import type { Entry } from '../../cluster/host/record.ts'
import { comesTrue } from '../comes-true.ts'
import { Random } from '../random.ts'
import { Stalls } from '../stalls.ts'
import { faults } from './faults.ts'
import { deadline, startLoads } from './loads.ts'
import { hostNames, World } from './world.ts'

export interface ClusterRound {
  readonly problems: readonly string[]
  /** How often each fault was done. */
  readonly done: ReadonlyMap<string, number>
  /** How often each way to settle came. */
  readonly settled: ReadonlyMap<string, number>
  /** Orders that were acknowledged. */
  readonly orders: number
}

/** ms in which everything is answered again, once all is healed: hosts of a busy machine load what they serve. */
const healedWithin = 30_000
/** ms that a call may settle after its deadline. */
const slack = 1_000
const pairs = hostNames.flatMap((one) =>
  hostNames.filter((other) => other !== one).map((other) => [one, other] as const),
)
/** Of what went wrong, each kind. */
const mostShown = 5

/** @param trace is told what is done. */
export async function runClusterRound(
  seed: number,
  { faults: wanted, trace = () => {} }: { readonly faults: number; readonly trace?: (line: string) => void },
): Promise<ClusterRound> {
  const random = new Random(seed)
  const acknowledged = new Set<string>()
  await using world = await World.start()
  using stalls = new Stalls()
  const loads = startLoads(world, acknowledged)
  const problems = await notAnswered(loads, 'before anything was done')
  const done = new Map<string, number>()
  for (let left = wanted; left > 0;) {
    // Now and then two at once, of two kinds and to two hosts: each heals what it did.
    const [victim, other] = random.pick(pairs)
    const [one, another] = [random.weighted(faults), random.weighted(faults)]
    const chosen = [
      { ...one, host: victim },
      ...(one !== another && random.chance(0.3) ? [{ ...another, host: other }] : []),
    ]
    const runs = chosen.map(({ name, plan, host }) => ({ name, host, run: plan(random, host) }))
    left -= runs.length
    const pause = random.int(100, 1_200)
    trace(runs.map(({ name, host }) => `${name} (${host})`).join(' and '))
    for (const { name } of runs) done.set(name, (done.get(name) ?? 0) + 1)
    const ends = await Promise.allSettled(runs.map(async ({ run }) => run(world)))
    for (const end of ends) if (end.status === 'rejected') problems.push(`a fault could not be done: ${end.reason}`)
    await sleep(pause)
  }
  trace('all is healed')
  problems.push(...(await notAnswered(loads, 'after all was healed')))
  const ends = Promise.all(loads.map(async ({ load }) => load.stop()))
  if (!(await Promise.race([ends.then(() => true), sleep(deadline + 10_000, false, { ref: false })]))) {
    problems.push('calls hang: they have not settled 10 s after their deadline')
  }
  const outcomes = loads.flatMap(({ load }) => load.outcomes)
  for (const { call, error, began, took } of outcomes) {
    if (error !== undefined)
      trace(`${call} began at ${Math.round(began)} ms: ${nameOf(error)} after ${Math.round(took)} ms`)
  }
  problems.push(...judge(outcomes, world.many.record, stalls.total))
  problems.push(...(await lostOrders(world.ordersFile, acknowledged)))
  const settled = Map.groupBy(outcomes, ({ error }) => (error === undefined ? 'answered' : nameOf(error)))
  return {
    problems,
    done,
    settled: new Map([...settled].map(([name, each]) => [name, each.length])),
    orders: acknowledged.size,
  }
}

function nameOf(error: unknown): string {
  const { name, reason } = error as { name?: string; reason?: string }
  return `${name ?? String(error)}${reason ? ` (${reason})` : ''}`
}

async function notAnswered(loads: readonly { name: string; load: Load }[], when: string): Promise<string[]> {
  const answers = await Promise.all(
    loads.map(async ({ name, load }) => {
      const enough = load.answered + 5
      return (await comesTrue(() => load.answered >= enough, healedWithin)) ? [] : [name]
    }),
  )
  return answers.flat().map((name) => `${name}: not answered for ${healedWithin} ms ${when}`)
}

/** Some of a list, and how many there are. */
function some(what: string, items: readonly unknown[]): string[] {
  if (items.length === 0) return []
  const first = items.slice(0, mostShown).map((item) => (item instanceof Error ? String(item) : JSON.stringify(item)))
  return [`${items.length} ${what}: ${first.join('; ')}`]
}

function judge(outcomes: readonly Outcome[], record: readonly Entry[], stalled: number): string[] {
  const known = new Set(outcomes.map(({ call }) => call))
  const late = outcomes
    .filter(({ took }) => took > deadline + slack + stalled)
    .map(({ call, took }) => `${call} after ${Math.round(took)} ms`)
  return [
    ...some('calls rejected with what no fault explains', unexpected(outcomes)),
    ...some('calls settled after their deadline', late),
    ...some('calls ran otherwise than their callers were told', contradictions(outcomes, record)),
    ...some('calls began that must not', violations(record)),
    ...some(
      'calls began that nobody made',
      begun(record).filter(({ call }) => !known.has(call)),
    ),
  ]
}

/** What was acknowledged is in the file. */
async function lostOrders(path: string, acknowledged: ReadonlySet<string>): Promise<string[]> {
  using service = new OrderService({ path })
  const lost: string[] = []
  for (const id of acknowledged) if ((await service.findOrderByClientId(id)) === null) lost.push(id)
  return some('acknowledged orders are lost', lost)
}
