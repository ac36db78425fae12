import type { ComponentInfo } from '../contract/component-info.ts'
import type { GrowthFinding } from '../contract/growth.ts'
import type { Ledger } from '../contract/ledger.ts'
import type { MemoryOptions } from '../contract/memory-options.ts'
import { unclaimedNative } from '../memory/account/ledger.ts'
import { returnAtEndFlag } from '../memory/act/page-pool.ts'
import type { PagePool } from '../memory/act/page-pool.ts'
import { RAPID_RELOAD } from '../memory/tuning.ts'
import type { MainGrowth } from './main-growth.ts'
import type { Finding } from './standing-advice.ts'
import { size, time } from '../words/figures.ts'
import { failingMessage } from '../words/failing-words.ts'
import type { FailingFinding } from '../words/failing-words.ts'
import { growthMessage, mainGrowthMessage } from '../words/growth-words.ts'
import { outOfRoomMessage, thrashingMessage } from '../words/room-words.ts'
import type { OutOfRoom, Thrashing } from '../words/room-words.ts'

/** A heap limit, bytes. */
export interface IgnoredLimit {
  readonly asked: number
  readonly actual: number
}

/** `silent`: calls wait for it, and its event loop has not turned for long; `ended`: so often was its worker ended for that. */
export type StuckFinding = { readonly kind: 'silent' } | { readonly kind: 'ended'; readonly times: number }

/** What advice is drawn from. Bytes and ms. */
export interface AdviceFacts {
  readonly components: readonly ComponentInfo[]
  readonly ledger: Ledger
  readonly options: MemoryOptions
  /** Memory of the machine. */
  readonly machineMemory: number
  readonly pagePool: PagePool
  /** Coordinators in this process that are not shut down. */
  readonly coordinators: number
  /** How long each component has to stay loaded because it was reloaded too soon after unloads. */
  readonly minResidency: (name: string) => number
  /** How often each component was all that could go and had not been idle long enough. */
  readonly keptByIdleFloor: ReadonlyMap<string, number>
  /** Components that grow and keep it, or did until their worker was gone. */
  readonly growths: ReadonlyMap<string, GrowthFinding>
  /** Undefined: the main thread does not grow. */
  readonly mainGrowth: MainGrowth | undefined
  /** Epoch ms. */
  readonly now: number
  /** Components that fail. */
  readonly failing: ReadonlyMap<string, FailingFinding>
  /** Undefined: they do not. */
  readonly thrashing: Thrashing | undefined
  /** Undefined: there is room, or something that may be unloaded. */
  readonly outOfRoom: OutOfRoom | undefined
  /** Epoch ms of a moment of the monotonic clock. */
  readonly wallTime: (moment: number) => number
  /** Heap limits (bytes) that V8 did not take over. */
  readonly ignoredLimits: ReadonlyMap<string, IgnoredLimit>
  /** Components whose event loop does not turn, or was found not to. */
  readonly stuck: ReadonlyMap<string, StuckFinding>
  /** The least that was unattributed, and neither pending nor the runtime's, during the last `over` ms. */
  readonly unattributed: { readonly least: number; readonly over: number }
}

/** An estimate this many times off is misleading. */
const estimateFactor = 2
/** Reloads too soon that are no accident: the minimum residency has doubled. */
const againAndAgain = 2 * RAPID_RELOAD
const keptOften = 3
const mib = 1024 ** 2
/** Something is wrong now. */
const urgentKinds: ReadonlySet<string> = new Set(['growing', 'failing', 'stuck'])
/** Stacks and what the allocator keeps take some 100 MiB. */
const muchUnattributed = 256 * mib
const stays = 60_000

/** All that is to be said now. Pure. */
export function advise(facts: AdviceFacts): Finding[] {
  return [...facts.components.flatMap((info) => [...onComponent(info, facts)]), ...onProcess(facts)]
}

function* onComponent(info: ComponentInfo, facts: AdviceFacts): Iterable<Finding> {
  const { name: component, memoryEstimate: estimate, learnedPeak: peak } = info
  const about = (kind: string, severity: Finding['severity'], message: string): Finding => ({
    id: `${kind}:${component}`,
    component,
    severity,
    message: `"${component}" ${message}`,
    urgent: urgentKinds.has(kind),
  })
  // Native memory that is nobody's may be its own.
  const most = (peak ?? 0) + unclaimedNative(facts.ledger)
  if (estimate > 0 && peak !== null && (peak > estimate * estimateFactor || most * estimateFactor < estimate)) {
    yield about(
      'estimate',
      'info',
      `is estimated at ${size(estimate)} and was measured at ${size(peak)}: set memoryEstimate to that, or leave it out`,
    )
  }
  if (facts.minResidency(component) >= againAndAgain && !facts.growths.has(component)) {
    yield about(
      'reloaded',
      'warning',
      'is unloaded and loaded again soon after, again and again: raise totalLimit, or its importance (a lower priority number)',
    )
  }
  if ((facts.keptByIdleFloor.get(component) ?? 0) >= keptOften) {
    const floor = info.minIdleTime ?? facts.options.minIdleTime
    yield about(
      'never-idle',
      'info',
      `was never idle long enough to be unloaded when memory was short: lower minIdleTime (${time(floor)})`,
    )
  }
  const stuck = facts.stuck.get(component)
  if (stuck) yield about('stuck', 'warning', stuckMessage(stuck, info))
  const growth = facts.growths.get(component)
  if (growth) {
    const { wallTime } = facts
    yield { ...about('growing', 'warning', growthMessage(component, growth, wallTime)), since: wallTime(growth.since) }
  }
  const failing = facts.failing.get(component)
  if (failing) yield about('failing', 'warning', failingMessage(failing, facts.now))
  const ignored = facts.ignoredLimits.get(component)
  if (ignored) {
    yield about(
      'ignored-limit',
      'warning',
      `was to have a heap limit of ${size(ignored.asked)} and has one of ${size(ignored.actual)}: a process-wide V8 flag such as --max-old-space-size overrides it`,
    )
  }
}

function* onProcess(facts: AdviceFacts): Iterable<Finding> {
  const { ledger, options, machineMemory, unattributed } = facts
  const { limit, mainThread, cgroup } = ledger
  const { thrashing, outOfRoom } = facts
  if (facts.mainGrowth) {
    const { mainGrowth, wallTime } = facts
    yield {
      id: 'growing',
      severity: 'warning',
      urgent: true,
      since: wallTime(mainGrowth.since),
      message: mainGrowthMessage(mainGrowth),
    }
  }
  if (thrashing) {
    yield { id: 'thrashing', severity: 'warning', urgent: true, message: thrashingMessage(thrashing, growingIn(facts)) }
  }
  if (outOfRoom) {
    yield { id: 'out-of-room', severity: 'warning', urgent: true, message: outOfRoomMessage(outOfRoom) }
  }
  if (limit < options.totalLimit) {
    yield {
      id: 'limit-lowered',
      severity: 'warning',
      urgent: false,
      message: `totalLimit is ${size(options.totalLimit)}, but the control group allows ${size(cgroup?.limit ?? limit)}: the limit is ${size(limit)}`,
    }
  }
  if (limit * options.criticalThreshold > machineMemory) {
    yield {
      id: 'limit-beyond-machine',
      severity: 'warning',
      urgent: false,
      message: `Critical pressure begins at ${size(limit * options.criticalThreshold)}, but the machine has ${size(machineMemory)}: lower totalLimit`,
    }
  }
  if (mainThread.total > limit * options.mediumThreshold) {
    yield {
      id: 'main-thread-large',
      severity: 'warning',
      urgent: false,
      message: `The main thread alone holds ${size(mainThread.total)} of the limit of ${size(limit)}: no unload can bring pressure down; move something into a component, or raise totalLimit`,
    }
  }
  if (unattributed.over >= stays && unattributed.least > Math.max(muchUnattributed, limit / 4)) {
    yield {
      id: 'unattributed',
      severity: 'warning',
      urgent: false,
      message: `${size(unattributed.least)} of the resident set are nobody's, free in the allocator most likely: such fragmentation is helped by MALLOC_MMAP_THRESHOLD_=131072 or jemalloc`,
    }
  }
  if (facts.coordinators > 1) {
    yield {
      id: 'several-coordinators',
      severity: 'warning',
      urgent: false,
      message: `There are ${facts.coordinators} coordinators in this process: each counts the main thread, and none knows of the others' components; use one`,
    }
  }
  if (facts.pagePool === 'returned') {
    yield {
      id: 'reclaim-flag',
      severity: 'info',
      urgent: false,
      message: `Start Node without ${returnAtEndFlag} where pauses matter: while a large component ends, the collections of all others wait; without it, memory is back a few seconds later`,
    }
  }
}

function growingIn({ growths, mainGrowth }: AdviceFacts): string[] {
  const grows = [...growths].flatMap(([name, { kind }]) => (kind === 'grows' ? [name] : []))
  return mainGrowth ? [...grows, 'the main thread'] : grows
}

function stuckMessage(stuck: StuckFinding, { stuckFor }: ComponentInfo): string {
  return stuck.kind === 'silent'
    ? `has not turned its event loop for ${stuckFor > 0 ? time(stuckFor) : 'long'} while calls wait: an endless loop, or long synchronous work; set watchdog, and such a worker is ended by itself (callTimeout ends only one that is stopped by a call), or split the work up`
    : `was ended ${stuck.times === 1 ? 'once' : `${stuck.times} times`} because its event loop did not turn (reason 'stuck'): look for an endless loop in it; long synchronous work wants a longer callTimeout or watchdog, or pauses`
}
