/** Who takes part in a round, chosen by its seed: the components, and how the coordinator is set up. */
import type { ComponentDefinition, CoordinatorOptions, FamilyDefinition } from '../../src/index.ts'
import type { RoundConfig, VictimConfig } from './components/victim.ts'
import type { Random } from './random.ts'

const mib = 1024 ** 2
const module = new URL('./components/victim.ts', import.meta.url)

export interface Roster {
  /** Code of the user's that throws wherever it is called: loggers, listeners and transfer handlers. */
  readonly spite: boolean
  readonly options: CoordinatorOptions
  readonly components: readonly Definition[]
  readonly family: Omit<FamilyDefinition<VictimConfig>, 'config'>
  /** Registered and unregistered while in use. */
  readonly passing: Definition
}
/** Without what the round adds: what is shared with it, and the folder of the snapshots. */
export type Definition = Omit<ComponentDefinition, 'config'> & {
  readonly config?: Omit<VictimConfig, keyof RoundConfig>
}

/** Components by what is done to them; all of them take calls, streams, callbacks and leases. */
export const names = {
  plain: 'plain',
  /** Calls `base` and `shy`. */
  caller: 'caller',
  base: 'base',
  /** Has a deadline and a short queue. */
  shy: 'shy',
  /** Has a memory limit of its own. */
  limited: 'limited',
  /** Hibernates: into memory, into files. */
  sleeper: 'sleeper',
  filer: 'filer',
  /** Backs off soon, and shortly. */
  fragile: 'fragile',
  pinned: 'pinned',
  passing: 'passing',
  family: 'family',
} as const

export const familyKeys = ['one', 'two/../x', 'ü'.repeat(60)] as const
export const memberNames: readonly string[] = familyKeys.map((key) => `${names.family}:${key}`)
export const keepers: readonly string[] = [names.sleeper, names.filer]
/** Those that are registered for the whole round. */
export const residents: readonly string[] = Object.values(names).filter(
  (name) => name !== names.passing && name !== names.family,
)

/** ms: longer than anything but an endless loop keeps a thread, on a busy machine as well. */
const watchdog = 3_000
const often = { intensity: 1_000, period: 1_000, backoff: 50 }

/** Restarts are free, but for the one that is fragile: a round has many crashes. */
const victim = (name: string, more: Partial<Definition> = {}): Definition => ({
  name,
  module,
  restart: often,
  timeout: 20_000,
  disposeTimeout: 2_000,
  ...more,
})

export function chooseRoster(random: Random): Roster {
  const totalLimit = random.pick([250, 320, 420]) * mib
  return {
    spite: random.chance(0.25),
    options: {
      memory: {
        totalLimit,
        minIdleTime: random.pick([100, 400, 2_000]),
        checkInterval: random.pick([50, 200]),
        policy: random.pick(['priority-idle', 'cost-aware']),
      },
      spareWorkers: random.int(0, 1),
      autoUnloadEnabled: random.chance(0.85),
      shutdownTimeout: 10_000,
    },
    components: [
      victim(names.plain, {
        priority: random.int(0, 100),
        watchdog,
        ...(random.chance(0.5) && { recycle: { calls: random.int(1, 200), overlap: random.chance(0.7) } }),
      }),
      victim(names.base, {
        priority: random.int(0, 100),
        ...(random.chance(0.5) && { instances: { max: 2, concurrency: random.int(1, 8) } }),
        ...(random.chance(0.3) && { recycle: { calls: random.int(5, 100), age: random.int(200, 2_000) } }),
      }),
      victim(names.shy, { callTimeout: 1_500, maxQueue: 16 }),
      victim(names.caller, { dependencies: [names.base, names.shy], priority: random.int(0, 100) }),
      victim(names.limited, { memoryLimit: 48 * mib }),
      victim(names.sleeper, { config: { snapshotBytes: 1_000 } }),
      victim(names.filer, { config: { snapshotBytes: random.int(10, 400) * 1_000 }, hibernate: { maxMemory: 100 } }),
      victim(names.fragile, {
        restart: { intensity: 1, period: 2_000, backoff: 50 },
        config: { initDelay: random.int(0, 50) },
      }),
      victim(names.pinned, { pinned: true, priority: 100 }),
    ],
    family: { ...victim(names.family, { priority: random.int(0, 100) }), name: names.family },
    passing: victim(names.passing, { config: { initDelay: random.int(0, 30) } }),
  }
}
