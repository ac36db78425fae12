import { holdProcess, keepInUse } from './lease.ts'
import type { LeasePort } from './lease.ts'

/** What a lease needs of a copy. */
export interface KeptCopy extends LeasePort {
  readonly generation: { readonly number: number } | undefined
  /** Its generation gets no more calls. */
  readonly isSpent: boolean
}

/** The leases on one component. Each keeps the copy that its calls go to, and moves to another one only when that takes none any more. */
export class MovingLeases<Copy extends KeptCopy> {
  readonly #held = new Set<MovingLease<Copy>>()
  readonly #another: () => Copy | undefined

  /** @param another the copy that a lease moves to; undefined while none serves. */
  constructor(another: () => Copy | undefined) {
    this.#another = another
  }

  /** @param first what it keeps, which need not be loaded yet. */
  take(first: Copy): MovingLease<Copy> {
    const lease = new MovingLease(first, this.#another, () => this.#held.delete(lease))
    this.#held.add(lease)
    return lease
  }

  /** Copies are there, gone, or used up: those that have to move do. What they leave behind is free to go. */
  follow(): void {
    for (const lease of this.#held) lease.follow()
  }

  giveBackAll(): void {
    for (const lease of this.#held) lease[Symbol.dispose]()
  }
}

/** Keeps a copy loaded, and the process alive, until it is given back. */
export class MovingLease<Copy extends KeptCopy> implements Disposable {
  readonly #another: () => Copy | undefined
  readonly #onRelease: () => void
  readonly #letGoOfProcess: () => void
  #isHeld = true
  /** Undefined: what it kept was used up, and nothing serves. */
  #kept: { readonly copy: Copy; readonly generation: number | undefined; readonly use: Disposable } | undefined

  constructor(first: Copy, another: () => Copy | undefined, onRelease: () => void) {
    this.#another = another
    this.#onRelease = onRelease
    this.#letGoOfProcess = holdProcess(first)
    this.#keep(first)
  }

  /** Where a call goes that is made now; undefined: to whichever takes it. */
  get generation(): number | undefined {
    this.follow()
    return this.#isHeld ? this.#kept?.generation : undefined
  }

  /** Moves, if it has to and there is another one. */
  follow(): void {
    if (!this.#isHeld || this.#takesCalls) return
    const another = this.#another()
    if (another) this.#keep(another)
    else if (this.#kept?.copy.isSpent) this.#letGo()
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#onRelease()
    this.#letGoOfProcess()
    this.#letGo()
  }

  /** Those that are only to be loaded take none yet. */
  get #takesCalls(): boolean {
    if (this.#kept?.generation === undefined) return false
    const { copy, generation } = this.#kept
    return copy.generation?.number === generation && !copy.isSpent
  }

  /** The one before it is let go only then: the component is in use all the time. */
  #keep(copy: Copy): void {
    const before = this.#kept
    this.#kept = { copy, generation: copy.generation?.number, use: keepInUse(copy) }
    before?.use[Symbol.dispose]()
  }

  #letGo(): void {
    this.#kept?.use[Symbol.dispose]()
    this.#kept = undefined
  }
}
