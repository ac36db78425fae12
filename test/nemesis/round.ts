/** One coordinator's life: everything at once, then quiet, then the end. */
import { getEventListeners } from 'node:events'
import { Registry } from 'prom-client'
import { collectMetrics } from '../../src/metrics/index.ts'
import type { Action } from './actions.ts'
import { liveWorkers } from './faults/workers.ts'
import { rightClock } from './faults/clock.ts'
import { SlowDisk } from './faults/slow-disk.ts'
import { timesShared } from './exclusion.ts'
import { describeReason } from './expected-errors.ts'
import type { Problem } from './problem.ts'
import { comesTrue } from './comes-true.ts'
import { comeBackWithin, everybodyAnswers, everythingSettles, nothingInUse } from './quiet.ts'
import { schedule } from './schedule.ts'
import type { Schedule, Step } from './schedule.ts'
import { Stalls } from './stalls.ts'
import { pause, World } from './world.ts'

export interface RoundReport {
  readonly seed: number
  /** How often each action was done. */
  readonly done: Readonly<Record<string, number>>
  readonly calls: number
  readonly problems: readonly Problem[]
}

/** A round, and what the process holds after it: bytes that are reachable in the heap of the main thread. */
export interface RoundAndAfter extends RoundReport {
  readonly heap: number
}

/** More than this under way at a time would only queue. */
const mostUnderWay = 150

export interface RoundHooks {
  /** Told of the world while the round goes on, and of each step, for traces. */
  readonly began?: (world: World) => void
  readonly step?: (step: Step, index: number) => void
  /** Says which steps are not carried out. */
  readonly leaveOut?: (step: Step, index: number) => boolean
}

export async function runRound(seed: number, actions: readonly Action[], hooks: RoundHooks = {}): Promise<RoundReport> {
  using disk = new SlowDisk()
  using stalls = new Stalls()
  const plan = schedule(seed, actions)
  using world = new World(plan.roster, disk, stalls)
  hooks.began?.(world)
  const registry = new Registry()
  using _metrics = collectMetrics(world.coordinator, { registry })

  await carryOut(world, plan, hooks)
  disk.heal()
  rightClock()
  await everythingSettles(world)
  if (!world.coordinator.isShutdown) {
    await everybodyAnswers(world)
    await nothingInUse(world, registry)
  }
  await shutDown(world)
  for (const text of world.executions.problems()) world.problem(text, 'executions')
  for (const text of await world.finalized.problems()) world.problem(text, 'left behind')
  const shared = timesShared(world.config.exclusion)
  if (shared > 0) world.problem(`locks had two exclusive holders ${shared} times`)
  const done: Record<string, number> = {}
  for (const { action } of plan.steps) done[action.name] = (done[action.name] ?? 0) + 1
  return { seed, done, calls: world.executions.issued, problems: world.problems }
}

async function carryOut(
  world: World,
  { steps, shutdownAt }: Schedule,
  { step: told, leaveOut }: RoundHooks,
): Promise<void> {
  for (const [index, step] of steps.entries()) {
    if (index === shutdownAt)
      void world.attempt('shutdown() in the middle', {}, async () => world.coordinator.shutdown())
    if (leaveOut?.(step, index)) continue
    told?.(step, index)
    const run = async (): Promise<void> => step.run(world)
    void world.pending
      .track(step.action.name, run())
      .catch((error: unknown) =>
        world.problem(`"${step.action.name}" failed by itself: ${describeReason(error)}`, 'the test itself'),
      )
    if (step.pause > 0) await pause(step.pause)
    while (world.pending.size > mostUnderWay) await pause(5)
  }
}

async function shutDown(world: World): Promise<void> {
  const outcome = await world.attempt('shutdown()', {}, async () => world.coordinator.shutdown())
  // On a busy machine a worker may take longer to die than the shutdown waits for it; it dies.
  if (!(await comesTrue(() => liveWorkers() === 0, comeBackWithin))) {
    const left = outcome.ok ? outcome.value.left : []
    world.problem(`${liveWorkers()} workers are alive after the shutdown, which left "${left.join()}"`, 'left behind')
  }
  if (!(await comesTrue(() => world.disk.files().length === 0, 5_000))) {
    world.problem(`files are left: ${world.disk.files().join()}`, 'left behind')
  }
  const listening = getEventListeners(world.longSignal, 'abort').length
  if (listening > 0) world.problem(`${listening} listeners are left on a signal`, 'left behind')
}
