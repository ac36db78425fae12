/** What has to be true once everything that was begun has ended, while the coordinator still runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import { collectGarbage } from '../../src/host/collect-garbage.ts'
import { isComponentFailedError, isInsufficientMemoryError } from '../../src/contract/errors.ts'
import { comesTrue } from './comes-true.ts'
import { residents } from './roster.ts'
import type { World } from './world.ts'

/** ms in which all is settled; loads take their turns, and the machine may be busy. */
const settleWithin = 45_000
/** ms in which what was released has come back; some of it waits for collections in both threads. */
export const comeBackWithin = 15_000

export async function everythingSettles(world: World): Promise<void> {
  if (await comesTrue(() => world.pending.size === 0, settleWithin)) return
  for (const what of world.pending.list().slice(0, 8)) world.problem(`${what} is not settled`, 'never settled')
}

/** Every component still answers: nothing that was done to it has disabled it. */
export async function everybodyAnswers(world: World): Promise<void> {
  // One after the other: side by side they might not fit.
  for (const name of residents) {
    const deadline = performance.now() + 30_000
    for (;;) {
      const outcome = await world.call(`the last run() of ${name}`, {}, async (token) => world.victim(name).run(token))
      if (outcome.ok) break
      const passes = isComponentFailedError(outcome.reason) || isInsufficientMemoryError(outcome.reason)
      if (!passes || performance.now() > deadline) {
        world.problem(`${name} does not answer any more: ${String(outcome.reason)}`, 'left behind')
        break
      }
      if (isInsufficientMemoryError(outcome.reason)) await letGo(world)
      await sleep(100)
    }
  }
}

/** What components were told to hold is theirs no longer. */
async function letGo(world: World): Promise<void> {
  for (const { name, state } of world.coordinator.list()) {
    if (state === 'ready') await world.attempt(`forget() of ${name}`, {}, async () => world.victim(name).forget())
  }
}

export async function nothingInUse(world: World, registry: Registry): Promise<void> {
  const { coordinator } = world
  const inUse = (): string[] =>
    coordinator.list().flatMap(({ name, inUse, waiting }) => (inUse + waiting > 0 ? [`${name} ${inUse}`] : []))
  const collected = async (): Promise<boolean> => {
    collectGarbage()
    for (const { name, inUse, state } of coordinator.list()) {
      // A callback that nothing in the component can reach is given back when its heap is collected.
      if (inUse > 0 && state === 'ready')
        await world.attempt(`collect() of ${name}`, {}, async () => world.victim(name).collect())
    }
    await sleep(100)
    return inUse().length === 0
  }
  if (!(await comesTrue(collected, comeBackWithin))) {
    world.problem(`still in use: ${inUse().join(', ')}`, 'left behind')
  }
  const { held, waiting } = coordinator.locks.stats()
  if (held + waiting > 0) world.problem(`${held} locks are held, ${waiting} are waited for`, 'left behind')
  if (!(await comesTrue(() => coordinator.memory.ledger().reservations === 0, comeBackWithin))) {
    world.problem(`${coordinator.memory.ledger().reservations} bytes are reserved for no load`, 'left behind')
  }
  await gaugesAtZero(world, registry)
}

const gauges = ['component_in_use', 'component_waiting_calls', 'locks_held', 'locks_waiting', 'zombie_workers']

/** A worker that took longer to die than it had, on a busy machine, is a zombie until then. */
async function gaugesAtZero(world: World, registry: Registry): Promise<void> {
  let above: string[] = []
  const atZero = async (): Promise<boolean> => {
    const metrics = await registry.getMetricsAsJSON()
    above = metrics
      .filter(({ name }) => gauges.some((each) => name === `spillway_${each}`))
      .map(({ name, values }) => ({ name, sum: values.reduce((total, { value }) => total + value, 0) }))
      .filter(({ sum }) => sum !== 0)
      .map(({ name, sum }) => `${name} is ${sum}`)
    return above.length === 0
  }
  if (!(await comesTrue(atZero, comeBackWithin))) {
    world.problem(`when nothing goes on, ${above.join(', ')}`, 'left behind')
  }
}
