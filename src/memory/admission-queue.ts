import { InsufficientMemoryError } from '../errors.ts'
import type { AdmissionDecision, MemoryHolder } from './admission.ts'

/** A load that asks to be let in. Bytes and ms. */
export interface LoadRequest {
  readonly name: string
  readonly need: number
  readonly timeout: number
}

export interface AdmissionEffects {
  /** ms of a monotonic clock. */
  now(): number
  /** Measures anew when the last figures are too old to decide by. */
  refresh(need: number): Promise<void>
  decide(request: LoadRequest, waited: number): AdmissionDecision
  /** Unloads those, in their order, as far as they are still idle; false when none could be. */
  unload(names: readonly string[]): Promise<boolean>
  /** Takes the bytes into account from now on. */
  reserve(request: LoadRequest): Disposable
  usage(): { readonly usage: number; readonly limit: number }
}

/**
 * Lets loads in. Each decision is made, and its bytes are reserved, before the next one is looked at, so no two loads count on the same
 * bytes; a load that has to wait lets others that fit go first.
 */
export class AdmissionQueue {
  readonly #effects: AdmissionEffects
  #last: Promise<unknown> = Promise.resolve()
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
        const decision = await this.#inTurn(async () => this.#decide(request, start))
        if (decision.kind === 'admitted') return decision.reservation
        if (decision.kind === 'wait') await settledOr(change, decision.retryIn, signal)
      }
    } finally {
      this.#waiting--
    }
  }

  async #decide(request: LoadRequest, start: number): Promise<Step> {
    await this.#effects.refresh(request.need)
    const decision = this.#effects.decide(request, this.#effects.now() - start)
    switch (decision.kind) {
      case 'admit':
        return { kind: 'admitted', reservation: this.#effects.reserve(request) }
      case 'unload': {
        const unloaded = await this.#effects.unload(decision.plan.victims.map(({ name }) => name))
        // They got in use in the meantime: something else will be idle soon.
        return unloaded ? { kind: 'again' } : { kind: 'wait', retryIn: busyRetry }
      }
      case 'wait':
        return decision
      case 'refuse':
        throw this.#refusal(request, decision.holders)
    }
  }

  async #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(step)
    this.#last = turn.catch(() => {})
    return turn
  }

  #refusal({ name, need }: LoadRequest, holders: readonly MemoryHolder[]): InsufficientMemoryError {
    return new InsufficientMemoryError(name, { needed: need, ...this.#effects.usage(), holders })
  }
}

type Step =
  | { readonly kind: 'admitted'; readonly reservation: Disposable }
  | { readonly kind: 'again' }
  | { readonly kind: 'wait'; readonly retryIn: number }

/** ms before a load looks again at components that were in use when they were to make room. */
const busyRetry = 25

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
