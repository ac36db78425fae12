import type { Supervisor } from '../../component/supervisor.ts'
import type { MeasuredTarget } from '../measure/measurement.ts'
import type { ComponentAccount } from './component-account.ts'
import type { Learned } from './learned.ts'
import { hasWorked, isOver } from './measured-worker.ts'
import type { NativeAccount } from './native-account.ts'
import { snapshotWriter } from '../decide/native-shares.ts'
import type { NativeSuspect } from '../decide/native-shares.ts'
import { OVERRUN_PATIENCE, RETRY, SNAPSHOT_AFTERMATH } from '../tuning.ts'
import type { WorkerKeys } from './worker-keys.ts'

export interface NativeOwnersOptions {
  readonly native: NativeAccount
  readonly keys: WorkerKeys
  /** ms of the monotonic clock. */
  readonly now: () => number
  readonly account: (supervisor: Supervisor) => ComponentAccount
  readonly isRunning: (target: MeasuredTarget) => boolean
  readonly onOverrun: (supervisor: Supervisor) => void
  /** A thread of ours that nobody measures holds memory for a moment. */
  readonly isHelped: () => boolean
}

/** Tells components' accounts what they have of the process's native memory, and what was learned of it. */
export class NativeOwners {
  readonly #options: NativeOwnersOptions
  /** Of workers that are gone: who learns what they have given back. */
  readonly #freed = new Map<string, Learned>()
  #sampledAt = 0
  /** When somebody was last seen to write a heap snapshot (ms). */
  #snapshotAt = Number.NEGATIVE_INFINITY

  constructor(options: NativeOwnersOptions) {
    this.#options = options
  }

  /** A sample is in. @param live all that have a worker. @param askedAt when its figures were asked for (ms). */
  sampled(live: Iterable<readonly [Supervisor, MeasuredTarget]>, askedAt: number): void {
    const { native, keys, now, account, isRunning, onOverrun, isHelped } = this.#options
    // What is in a process of its own has no part of this one's memory.
    const here = [...live].filter(([{ generation }]) => generation?.host.isolation !== 'process')
    const suspects: NativeSuspect[] = here.map(([supervisor, target]) => ({
      key: keys.of(supervisor.name, supervisor.generation),
      worked: isRunning(target) || hasWorked(supervisor, this.#sampledAt),
      capable: supervisor.generation?.activity.native === 1,
      proven: account(supervisor).isProvenNative,
    }))
    this.#sampledAt = now()
    if (here.some(([{ generation }]) => generation?.standsStill === true)) this.#snapshotAt = this.#sampledAt
    if (this.isSnapshotAbout) suspects.push({ key: snapshotWriter, worked: true, capable: true, proven: false })
    // Of one that is stuck in native code there will be no figures for a while. What a load may come to is reserved, and most of them fill what V8 will
    // tell of when it can.
    const isKnown = (at: number, patience: number): boolean => at >= askedAt || this.#sampledAt - at >= patience
    const isFresh = here.every(([supervisor]) => {
      const { status, since } = supervisor.state
      return isKnown(account(supervisor).memory?.sampledAt ?? since, status === 'loading' ? OVERRUN_PATIENCE : RETRY)
    })
    const returned = native.sampled(suspects, isFresh && !isHelped())
    for (const { key, expected, bytes } of returned) {
      this.#freed.get(key)?.nativeReturned(expected, bytes)
      this.#freed.delete(key)
    }
    for (const [supervisor] of here) {
      const one = account(supervisor)
      one.nativeIs(native.shareOf(keys.of(supervisor.name, supervisor.generation)), this.#sampledAt)
      if (isOver(supervisor, one)) onOverrun(supervisor)
    }
  }

  /** A heap snapshot is being written, or its memory may not be back yet: native memory says nothing about anybody. */
  get isSnapshotAbout(): boolean {
    return this.#options.now() - this.#snapshotAt < SNAPSHOT_AFTERMATH
  }

  /**
   * Its thread is gone.
   *
   * @param learned of its component.
   * @param held bytes of its isolate, as it was last measured; 0 for a process.
   * @param unsure bytes that it may have taken since.
   * @returns bytes that are no longer counted.
   */
  gone(key: string, learned: Learned, held: number, unsure: number): number {
    const bytes = this.#options.native.workerGone(key, held, unsure)
    if (bytes > 0) this.#freed.set(key, learned)
    return bytes
  }
}
