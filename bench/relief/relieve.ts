import { setTimeout as sleep } from 'node:timers/promises'
import { ComponentCoordinator } from 'spillway'
import type holder from './holder.js'

const mib = 1024 ** 2
const limit = 640 * mib
const thresholds = { high: 0.85, critical: 0.95 }
/** Bytes of objects each. */
const victim = 50 * mib
const victims = 6
/** Shares of the limit from which, and up to which, the one that grows does so at once. */
const [from, to] = [0.8, 0.98]
/** ms */
const patience = 5_000

export interface Relief {
  /** ms from the moment usage was above the critical threshold to the first measurement 5 points below it, where relief from critical ends. */
  readonly cleared: number
  /** ms to the first measurement below the high threshold. */
  readonly time: number
  readonly unloads: number
  /** Shares of the limit. */
  readonly peak: number
}

/** Idle components that fill most of a limit, and one that bursts: a coordinator for each time, as a level is left after 30 s only. */
export async function relieve(): Promise<Relief> {
  await using coordinator = new ComponentCoordinator({
    spareWorkers: 0,
    memory: {
      totalLimit: limit,
      highThreshold: thresholds.high,
      criticalThreshold: thresholds.critical,
      // Who has been idle for a fifth of it may go at high already: from critical alone, relief ends 5 points below that threshold.
      minIdleTime: 1_000,
    },
  })
  const register = (name: string) =>
    coordinator.registerComponent<typeof holder>({ name, module: new URL('holder.js', import.meta.url) })
  for (let i = 0; i < victims; i++) await register(`victim-${i}`).hold(victim)
  const grows = register('grows')
  await grows.hold(0)
  // What a load may still bring counts for a second, and is not there.
  while ((await coordinator.memory.sample()).reservations > 0) await sleep(100)
  await grows.burst(Math.max(0, from * limit - coordinator.memory.usage), Infinity)
  await coordinator.memory.sample()

  let [unloads, peak] = [0, 0]
  const below = Promise.withResolvers<number>()
  let cleared = Infinity
  coordinator.on('unload', () => unloads++)
  coordinator.on('sample', ({ usage }) => {
    peak = Math.max(peak, usage / limit)
    const now = performance.timeOrigin + performance.now()
    // What leaves is no longer counted before its report is there.
    if (peak < thresholds.critical) return
    if (usage < (thresholds.critical - 0.05) * limit) cleared = Math.min(cleared, now)
    if (usage < thresholds.high * limit) below.resolve(now)
  })
  const { usage } = coordinator.memory
  const crossed = await grows.burst(to * limit - usage, thresholds.critical * limit - usage)
  const time = await Promise.race([below.promise, sleep(patience, Infinity)])
  return { cleared: cleared - crossed, time: time - crossed, unloads, peak }
}
