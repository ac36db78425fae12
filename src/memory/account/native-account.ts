import { checkBegan, checkEnded, initialNative, nativeLookIn, stepNative, workerGone } from '../decide/native.ts'
import type { Moment, NativeState, Returned } from '../decide/native.ts'
import { noShare, sizeOf } from '../decide/native-shares.ts'
import type { NativeShare, NativeSuspect } from '../decide/native-shares.ts'
import type { ProcessMeter } from '../measure/process-memory.ts'
import { ANSWER_TIME } from '../tuning.ts'

export interface NativeAccountOptions {
  /** ms of the monotonic clock. */
  readonly now: () => number
  readonly process: ProcessMeter
  /** Bytes of the main thread's isolate. */
  readonly mainThread: () => number
  /** Bytes that the other isolates in this process hold, and what their components reported. */
  readonly workers: () => number
  /** Whether others than components may have taken native memory: the main thread has addons, say. */
  readonly others: () => boolean
  /** Has the allocator give back what it keeps; false: it cannot be made to. */
  readonly trim: () => Promise<boolean>
  /** It has been asked, and a sample is wanted. */
  readonly checked: () => void
}

/** Bytes: so much more or less unexplained than at the last sample asks for the next. */
const worthASample = 8 * 1024 ** 2

/** Of every coordinator in this process: each looks at the same memory, and none knows the others' workers. */
const accounts = new Set<NativeAccount>()

/** The native memory of this process, and whose it is. */
export class NativeAccount {
  readonly #options: NativeAccountOptions
  #state: NativeState
  #canTrim = true
  #lookedAt: number
  #seen = 0

  constructor(options: NativeAccountOptions) {
    this.#options = options
    accounts.add(this)
    this.#lookedAt = options.now()
    this.#state = initialNative(this.#reading())
  }

  /** Bytes of all of it. */
  get total(): number {
    return Math.round(this.#state.counted)
  }

  shareOf(key: string): NativeShare {
    return this.#state.shares.get(key) ?? noShare
  }

  /** ms after which it has to be measured again, whatever happens. */
  get lookIn(): number {
    return Math.abs(this.#seen) >= worthASample ? 0 : nativeLookIn(this.#state)
  }

  /** By how many bytes more or less is unexplained than at the last sample. It looks four times a second at most. */
  get unseen(): number {
    const now = this.#options.now()
    if (now - this.#lookedAt >= ANSWER_TIME) {
      this.#lookedAt = now
      this.#options.process.measure()
      const { anonymous, held, constant } = this.#reading()
      this.#seen = Math.max(0, anonymous - held - constant) - this.#state.excess
    }
    return this.#seen
  }

  /**
   * A sample is in.
   *
   * @param isFresh whether what isolates hold is not older than what the process has.
   * @returns what unloads were found to have given back.
   */
  sampled(suspects: readonly NativeSuspect[], isFresh: boolean): readonly Returned[] {
    this.#lookedAt = this.#options.now()
    this.#seen = 0
    const others = (): boolean => accounts.size > 1 || this.#options.others()
    this.#state = stepNative(this.#state, {
      ...this.#reading(),
      suspects,
      others,
      canTrim: this.#canTrim,
      isFresh,
    })
    if (this.#state.check.kind === 'wanted') void this.#check()
    return this.#state.returned
  }

  /**
   * Its thread is gone.
   *
   * @param held bytes of its isolate, as it was last measured. @param unsure bytes that it may have taken since.
   * @returns bytes that are no longer counted.
   */
  workerGone(key: string, held: number, unsure: number): number {
    const bytes = sizeOf(this.#state.shares.get(key))
    this.#state = workerGone(this.#state, key, this.#options.now(), held, unsure)
    return bytes
  }

  /** The coordinator is no more: its workers are not counted for others. */
  stop(): void {
    accounts.delete(this)
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    this.#state = checkBegan(this.#state)
    try {
      this.#canTrim = await this.#options.trim()
    } catch {
      this.#canTrim = false
    }
    this.#options.process.measure()
    this.#state = checkEnded(this.#state, this.#reading())
    this.#options.checked()
  }

  #reading(): Moment {
    const { now, process, mainThread } = this.#options
    let held = mainThread()
    for (const account of accounts) held += account.#options.workers()
    return { time: now(), anonymous: process.memory.anonymous, held, constant: process.constant }
  }
}
