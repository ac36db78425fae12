import { withDeadline } from '../../base/deadline.ts'
import { InsufficientMemoryError } from '../../contract/errors.ts'
import type { AdmissionDecision, MemoryHolder } from '../decide/admission.ts'
import { Serial } from './serial.ts'
import type { UnloadPlan } from '../decide/plan.ts'

/** A load that asks to be let in. Bytes and ms. */
export interface LoadRequest {
  readonly name: string
  readonly need: number
  /** More than `need` where nothing is known of it: room is made for it that far if it can be, and hardly waited for. */
  readonly mayNeed: number
  readonly timeout: number
}

export interface AdmissionEffects {
  /** ms of a monotonic clock. */
  now(): number
  /** Measures anew when the last figures are too old to decide by. */
  refresh(need: number): Promise<void>
  decide(request: LoadRequest, need: number, waited: number): AdmissionDecision
  /** Unloads it for the sake of the load, if it is still idle; false when it is not. `plan` says why it. */
  unload(name: string, request: LoadRequest, plan: UnloadPlan): Promise<boolean>
  /** Takes what it needs into account from now on. */
  reserve(request: LoadRequest): Disposable
  usage(): { readonly usage: number; readonly limit: number }
  /** Bytes by which usage will have grown by itself when a load is over. */
  growth(): number
  /** Bytes of usage from which on pressure is high. */
  high(): number
  /** Bytes beyond their reservations that loads of unknown size under way may need. */
  possible(): number
}

/**
 * Lets loads in. Each decision is made, and its bytes are reserved, before the next one is looked at, so no two loads count on the same
 * bytes; a load that has to wait lets others that fit go first.
 */
export class AdmissionQueue {
  readonly #effects: AdmissionEffects
  readonly #turns = new Serial()
  #changed = Promise.withResolvers<void>()
  #waiting = 0

  constructor(effects: AdmissionEffects) {
    this.#effects = effects
  }

  /** Loads that wait for memory. */
  get waiting(): number {
    return this.#waiting
  }

  /** Memory was freed, or something has become idle: those who wait may ask again. */
  changed(): void {
    if (this.#waiting === 0) return
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /**
   * Waits until the load fits, and reserves its bytes.
   *
   * @throws InsufficientMemoryError when it does not fit within its timeout; the signal's reason when aborted.
   */
  async admit(request: LoadRequest, signal: AbortSignal): Promise<Disposable> {
    const start = this.#effects.now()
    this.#waiting++
    try {
      for (;;) {
        signal.throwIfAborted()
        const change = this.#changed.promise
        const step = await this.#stepInTime(request, start, signal)
        if (step.kind === 'admitted') return step.reservation
        if (step.kind === 'wait') await settledOr(change, step.retryIn, signal)
      }
    } finally {
      this.#waiting--
    }
  }

  /**
   * What others are at when its turn should come, and what it has unloaded, may take long; it is not waited for beyond the load's timeout.
   *
   * @throws InsufficientMemoryError then; the signal's reason when aborted.
   */
  async #stepInTime(request: LoadRequest, start: number, signal: AbortSignal): Promise<Step> {
    let waits = true
    const turn = this.#turns.run(async (): Promise<Step> => (waits ? this.#step(request, start) : { kind: 'again' }))
    const left = Math.max(lastTurn, request.timeout - (this.#effects.now() - start))
    const step = await withDeadline(turn, left, signal)
    if (step) return step
    waits = false
    turn.then(
      (late) => late.kind === 'admitted' && late.reservation[Symbol.dispose](),
      () => {},
    )
    signal.throwIfAborted()
    const decision = this.#effects.decide(request, request.need, request.timeout)
    throw this.#refusal(request, decision.kind === 'refuse' ? decision.holders : [])
  }

  async #step(request: LoadRequest, start: number): Promise<Step> {
    await this.#effects.refresh(request.need)
    const decision = this.#decide(request, this.#effects.now() - start)
    switch (decision.kind) {
      case 'admit':
        return { kind: 'admitted', reservation: this.#effects.reserve(request) }
      case 'unload': {
        const [victim] = decision.plan.victims
        const unloaded = victim !== undefined && (await this.#effects.unload(victim.name, request, decision.plan))
        // It got in use in the meantime: something else may be idle.
        return unloaded ? { kind: 'again' } : { kind: 'wait', retryIn: busyRetry }
      }
      case 'wait':
        return decision
      case 'refuse':
        throw this.#refusal(request, decision.holders)
    }
  }

  #decide(request: LoadRequest, waited: number): Decision {
    const { need, mayNeed, timeout } = request
    const decision = this.#effects.decide(request, need, waited)
    if (decision.kind !== 'admit') return decision
    const { usage, limit } = this.#effects.usage()
    const growth = this.#effects.growth()
    const possible = this.#effects.possible()
    const high = this.#effects.high()
    const others = usage + growth + possible
    // Room is made as far as it can be: for all that it may need, or somewhat less, and so on.
    for (let guess = mayNeed; guess >= need && others + guess > high; guess *= nextGuess) {
      const cautious = this.#effects.decide(request, possible + guess, waited)
      if (cautious.kind === 'unload') return cautious
    }
    if (others + mayNeed <= limit || waited >= timeout / 2) return decision
    // What others turn out to need will be known in a moment, what grows fast ends soon; and where little is left a guess is not tried without need.
    const guessed = mayNeed > need
    const risky = possible > 0 || (guessed && (growth > limit * noticeable || usage + need > high))
    return risky ? { kind: 'wait', retryIn: unknownRetry } : decision
  }

  #refusal({ name, need }: LoadRequest, holders: readonly MemoryHolder[]): InsufficientMemoryError {
    return new InsufficientMemoryError(name, { needed: need, ...this.#effects.usage(), holders })
  }
}

type Decision = AdmissionDecision | { readonly kind: 'wait'; readonly retryIn: number }

type Step =
  | { readonly kind: 'admitted'; readonly reservation: Disposable }
  | { readonly kind: 'again' }
  | { readonly kind: 'wait'; readonly retryIn: number }

/** Growth during a load by this share of the limit is fast. */
const noticeable = 1 / 64
/** Of a guess for which no room can be made, the share that is tried next. */
const nextGuess = 0.8

/** ms for the decision that is made when the timeout is over: it takes a measurement. */
const lastTurn = 500
/** ms before a load looks again at components that were in use when they were to make room. */
const busyRetry = 25
/** ms before a load looks again where nobody knows how large it, or others under way, will be. */
const unknownRetry = 100

async function settledOr(change: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const stop = (): void => resolve()
  signal.addEventListener('abort', stop, { once: true })
  void change.then(resolve)
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
}
