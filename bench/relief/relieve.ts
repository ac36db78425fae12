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
  const names = Array.from({ length: victims }, (_, i) => `victim-${i}`)
  for (const name of names) await register(name).hold(victim)
  const grows = register('grows')
  await grows.hold(0)
  // What a load may still bring counts for a second, and is not there.
  while ((await coordinator.memory.sample()).reservations > 0) await sleep(100)
  await grows.burst(Math.max(0, from * limit - coordinator.memory.usage), Infinity)
  await coordinator.memory.sample()

  let [unloads, peak] = [0, 0]
  const samples: { readonly at: number; readonly usage: number }[] = []
  const below = Promise.withResolvers<void>()
  let crossed = Infinity
  // Of what is unloaded before anything was measured above critical, the first sample after the crossing tells.
  const first = (share: number): number => {
    const found = samples.find(({ at, usage }) => at >= crossed && usage < share * limit)
    return (found?.at ?? Infinity) - crossed
  }
  coordinator.on('unload', () => unloads++)
  coordinator.on('sample', ({ usage }) => {
    peak = Math.max(peak, usage / limit)
    samples.push({ at: performance.timeOrigin + performance.now(), usage })
    if (Number.isFinite(first(thresholds.high))) below.resolve()
  })
  const { usage } = coordinator.memory
  crossed = await grows.burst(to * limit - usage, thresholds.critical * limit - usage)
  if (!Number.isFinite(first(thresholds.high))) await Promise.race([below.promise, sleep(patience)])
  // Whatever goes has gone by then, and has been told.
  while (names.some((name) => ['draining', 'unloading'].includes(coordinator.info(name).state))) await sleep(10)
  return { cleared: first(thresholds.critical - 0.05), time: first(thresholds.high), unloads, peak }
}
