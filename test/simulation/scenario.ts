import { createRandom } from '../../bench/policy/random.ts'
import type { Random } from '../../bench/policy/random.ts'

export const mib = 1024 ** 2
/** Bytes of a worker with nothing in it. */
export const emptyWorker = 8 * mib

/** What a component does, without a worker. Bytes; ms; bytes/ms. */
export interface Behaviour {
  readonly name: string
  readonly priority: number
  readonly pinned: boolean
  /** Names of those that depend on it. */
  readonly dependencies: readonly string[]
  /** What it holds once it is loaded. */
  readonly size: number
  /** Of that, what V8 does not see and the component reports. */
  readonly native: number
  /** What its user says it needs; 0: nothing. */
  readonly estimate: number
  readonly memoryLimit: number | undefined
  readonly loadTime: number
  readonly timeout: number
  /** What it keeps of each ms of work; and from when on (ms of the simulation). */
  readonly leak: { readonly rate: number; readonly from: number }
  /** What each ms of work leaves as garbage, and how much of that V8 lets lie. */
  readonly garbage: { readonly rate: number; readonly most: number }
  /** Share of its size that it drops when asked. */
  readonly trimmable: number
  /** Chance that a call comes in just when it is to be unloaded. */
  readonly refuses: number
  readonly unloadTime: number
  readonly callTime: number
  /** Mean time between calls. */
  readonly gap: number
  /** Its worker answers no sample for that long, from then on. */
  readonly blocked: { readonly from: number; readonly time: number } | undefined
}

export interface Scenario {
  readonly seed: number
  readonly limit: number
  /** ms. */
  readonly duration: number
  readonly main: number
  readonly minIdleTime: number
  readonly components: readonly Behaviour[]
  /** The main thread stands still. */
  readonly stalls: readonly { readonly from: number; readonly time: number }[]
  /** What is asked to be freed, and when. */
  readonly frees: readonly { readonly at: number; readonly bytes: number }[]
  /** 'calm': all do what they say. 'lies': sizes and estimates differ. 'wild': some leak, allocate without end, or make garbage. */
  readonly kind: 'calm' | 'lies' | 'wild'
}

/** The same seed gives the same scenario on every machine. */
export function drawScenario(seed: number, asKind?: Scenario['kind']): Scenario {
  const random = createRandom(seed)
  const drawn = (['calm', 'lies', 'wild'] as const)[random.integer(3)] ?? 'calm'
  const kind = asKind ?? drawn
  const duration = 20_000
  const count = 3 + random.integer(8)
  const limit = Math.round((256 + random.integer(768)) * mib)
  const components: Behaviour[] = []
  for (let i = 0; i < count; i++)
    components.push(drawBehaviour(random, kind, { i, count, limit, duration }, components))
  return {
    seed,
    kind,
    limit,
    duration,
    main: (10 + random.integer(30)) * mib,
    minIdleTime: [0, 2_000, 300_000][random.integer(3)] ?? 0,
    components,
    stalls: random.next() < 0.2 ? [{ from: random.next() * duration, time: 50 + random.next() * 2_000 }] : [],
    frees: random.next() < 0.2 ? [{ at: random.next() * duration, bytes: random.next() * limit }] : [],
  }
}

function drawBehaviour(
  random: Random,
  kind: Scenario['kind'],
  { i, count, limit, duration }: { i: number; count: number; limit: number; duration: number },
  others: readonly Behaviour[],
): Behaviour {
  // Together some 0.7 to 2 times the limit.
  const size = Math.max(
    4 * mib,
    Math.min(limit * 0.7, random.logNormal((limit * (0.7 + random.next() * 1.3)) / count, 0.6)),
  )
  const chance = (share: number): boolean => random.next() < share
  const told = kind === 'calm' ? size + emptyWorker : (size + emptyWorker) * ([0.5, 1, 1.5][random.integer(3)] ?? 1)
  const leaks = kind === 'wild' && chance(0.2)
  const dependency = i > 0 && chance(0.15) ? others[random.integer(i)]?.name : undefined
  return {
    name: `component-${i}`,
    priority: [5, 20, 50, 50, 50, 80][random.integer(6)] ?? 50,
    pinned: chance(0.05),
    dependencies: dependency === undefined ? [] : [dependency],
    size,
    native: chance(0.2) ? size * random.next() : 0,
    estimate: kind !== 'calm' && chance(0.3) ? 0 : told,
    memoryLimit: kind === 'wild' && chance(0.2) ? size * 1.5 : undefined,
    loadTime: 20 + random.exponential(300),
    timeout: 4_000 + random.integer(4_000),
    // 1 to 300 MB/s.
    leak: { rate: leaks ? (1 + random.next() ** 2 * 299) * 1_000 : 0, from: random.next() * duration },
    garbage: { rate: kind === 'wild' ? random.next() * 50_000 : 0, most: Math.min(16 * mib, limit / 40) },
    trimmable: random.next() * 0.3,
    refuses: chance(0.2) ? 0.3 : 0,
    unloadTime: 10 + random.exponential(60),
    callTime: 1 + random.exponential(chance(0.1) ? 3_000 : 40),
    gap: 100 + random.exponential(3_000),
    blocked:
      kind !== 'calm' && chance(0.1) ? { from: random.next() * duration, time: random.next() * 6_000 } : undefined,
  }
}
