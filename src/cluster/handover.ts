import { withDeadline } from '../base/deadline.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { sleep } from '../base/timers.ts'
import { messageOf } from '../contract/describe-value.ts'
import type { Logger } from '../contract/logger.ts'
import type { Remote } from '../contract/remote.ts'
import type { Claims, Tenure } from './claims/claims.ts'
import type { KnownHost, PeerId } from './directory.ts'
import type { Moves } from './moves.ts'
import { placeKey } from './placement.ts'
import type { HostApi } from './serving/host-api.ts'
import { nameOf } from './serving/keys.ts'
import type { Keys } from './serving/keys.ts'
import type { Offers } from './serving/offers.ts'

export interface HandoverOptions {
  readonly self: PeerId
  readonly offers: Offers
  readonly keys: Keys
  readonly claims: Pick<Claims, 'suspend' | 'claimWhenFree' | 'drop'>
  readonly moves: Moves
  readonly hosts: () => readonly KnownHost[]
  /** Asks another host. @param timeout ms. */
  readonly ask: <R>(to: PeerId, timeout: number, ask: (api: Remote<HostApi>) => Promise<R>) => Promise<R>
  /** ms. */
  readonly claimTtl: number
  readonly logger: Pick<Logger, 'warn'>
}

/** moved: another host has it. stayed: it is served here as before. lost: nobody knows, or somebody else has it; nothing is served here. */
export type HandoverOutcome = 'moved' | 'stayed' | 'lost'

/** ms, under pressure. Guessed: less would move hardly anything that is used, more be noticed. */
const drainTime = 2_000
/** ms that a snapshot on disk is waited for. Guessed: what `hibernate.timeout` is by default. */
const readTime = 5_000
/** ms that another host is given to get the state, and be ready to take the key. Guessed: the largest one, by a slow network. */
const prepareTime = 10_000
/** Of `claimTtl`: what another host has to write itself over the claim. It must not do so later, when somebody else may have it. See `Claims.take`. */
const takeShare = 0.4

/** Gives keys to other hosts: nothing new is begun, what is under way ends, the state is taken, and whoever gets it writes itself over the claim. */
export class Handover {
  readonly #options: HandoverOptions

  constructor(options: HandoverOptions) {
    this.#options = options
  }

  /**
   * @param why a sentence, for people.
   * @param patience ms that calls under way are given to come to an end; callers wait meanwhile.
   */
  async give(tenure: Tenure, why: string, patience = drainTime): Promise<HandoverOutcome> {
    const { keys } = this.#options
    const { family, key } = tenure
    const outcome = await keys.during(family, key, async () => this.#give(tenure, why, patience))
    // It is being handed over by somebody else.
    return outcome ?? 'moved'
  }

  async #give({ family, key }: Tenure, why: string, patience: number): Promise<HandoverOutcome> {
    const { offers, logger } = this.#options
    const name = nameOf(family, key)
    const component = offers.instanceIfAny(family, key)
    const target = this.#target(family, key)
    if (!target) return 'stayed'
    if (component) {
      const quiet = component.main.caller.quiet().then(() => true)
      if (!(await withDeadline(quiet, patience))) return 'stayed'
      await component.unload('requested', patience)
      if (component.isLoaded) return 'stayed'
    }
    const snapshot = component?.hibernation.keeps ? await component.hibernation.restore(readTime) : undefined
    const { ask, claims, claimTtl } = this.#options
    const failed = (cause: unknown): void =>
      logger.warn({ component: name, host: target.id.name }, `could not be handed over: ${messageOf(cause)}`)
    try {
      const prepared = await ask(target.id, prepareTime, async (api) => api.prepare(family, key, snapshot))
      if (prepared.status === 'refused') return 'stayed'
    } catch (error) {
      failed(error)
      return 'stayed'
    }
    const suspended = await claims.suspend(family, key)
    if (!suspended) {
      // The other host is not to keep a state that is not its own.
      await ask(target.id, takeShare * claimTtl, async (api) => api.forget(family, key)).catch(failed)
      return 'lost'
    }
    try {
      const { revision } = suspended
      const taken = await ask(target.id, takeShare * claimTtl, async (api) => api.take(family, key, revision))
      if (taken.status === 'taken') return this.#moved(suspended, target.id, why)
      failed(taken.why)
    } catch (error) {
      failed(error)
    }
    return this.#findOut(suspended)
  }

  #target(family: string, key: string): KnownHost | undefined {
    const { self, hosts } = this.#options
    const others = hosts().filter(({ id }) => id.session !== self.session)
    const placed = placeKey(others, family, key)
    return 'none' in placed ? undefined : placed
  }

  #moved({ family, key }: Tenure, to: PeerId, why: string): HandoverOutcome {
    const { claims, keys, moves, self } = this.#options
    claims.drop(family, key)
    keys.release(family, key)
    moves.tell({ kind: 'handed-over', family, key, from: self.name, to: to.name, why })
    return 'moved'
  }

  /** Nobody said what came of it. When the claim is over the other host has it, or nobody has. */
  async #findOut({ family, key, until }: Tenure): Promise<HandoverOutcome> {
    const { claims, claimTtl, keys } = this.#options
    claims.drop(family, key)
    await sleep(Math.max(0, until - monotonicNow()))
    const signal = AbortSignal.timeout(claimTtl)
    const claimed = await claims.claimWhenFree(family, key, { signal }).catch(() => undefined)
    if (claimed?.status === 'owned') return 'stayed'
    keys.release(family, key)
    return claimed ? 'moved' : 'lost'
  }
}
