import { monotonicNow } from '../../base/monotonic.ts'
import { encodeError } from '../../channel/error-codec.ts'
import { NotBegun } from '../../channel/not-begun.ts'
import type { Fence } from '../../channel/protocol.ts'
import { messageOf } from '../../contract/describe-value.ts'
import { NoHostError, StaleOwnerError } from '../../contract/errors.ts'
import type { Logger } from '../../contract/logger.ts'
import type { Claimed, Claims, Tenure } from '../claims/claims.ts'
import type { PeerId } from '../directory.ts'
import type { Answer } from '../handshake.ts'
import type { Moves } from '../moves.ts'
import { defaultsOf } from './defaults.ts'
import type { Offers } from './offers.ts'

export interface KeysOptions {
  readonly self: PeerId
  readonly offers: Offers
  readonly claims: Pick<Claims, 'claimWhenFree' | 'tenure' | 'giveBack'>
  /** Whether that session is there, as far as this host knows. */
  readonly isPresent: (host: PeerId) => boolean
  readonly moves: Moves
  /** Why this host takes nothing new; undefined: it does. */
  readonly closedBecause: () => string | undefined
  readonly logger: Pick<Logger, 'warn'>
}

/** The keys that this host owns: claimed when they are first asked for, and given back when their instances are unloaded. */
export class Keys {
  readonly #options: KeysOptions
  /** Being handed over: nothing begins, and who asks waits for what comes of it. */
  readonly #moving = new Map<string, Promise<unknown>>()
  /** Tokens of those of which it was told that they are here. */
  readonly #told = new Map<string, number>()

  constructor(options: KeysOptions) {
    this.#options = options
  }

  /**
   * Somebody wants to be served.
   *
   * @param gone an owner that is known to be there no more: the end of its claim is waited for.
   * @param signal aborted when he does not any more.
   */
  async ask(family: string, key: string, gone: PeerId | undefined, signal: AbortSignal): Promise<Answer> {
    const { claims, offers } = this.#options
    await this.#moving.get(keyId(family, key))
    if (!offers.family(family)) return this.#refused(family, key, `host "${this.#options.self.name}" does not offer it`)
    if (!claims.tenure(family, key)) {
      const closed = this.#options.closedBecause()
      if (closed !== undefined) return this.#refused(family, key, closed)
      const claimed = await this.#claim(family, key, gone, signal)
      if (claimed.status === 'elsewhere') return claimed
    }
    const tenure = claims.tenure(family, key)
    const component = offers.instance(family, key)
    if (!tenure || !component) return this.#refused(family, key, 'its claim was lost at once')
    return { status: 'served', token: tenure.token, defaults: defaultsOf(component.definition) }
  }

  /**
   * Waits for the end of a claim whose owner is known to be gone, and of an earlier one of this host's own. Anybody else has the key, and is to be asked:
   * also one that is gone for whoever asks, and there for this host.
   */
  async #claim(family: string, key: string, gone: PeerId | undefined, signal: AbortSignal): Promise<Claimed> {
    const { claims, isPresent, self } = this.#options
    const waitsFor = (owner: PeerId): boolean =>
      owner.session === self.session || (owner.session === gone?.session && !isPresent(owner))
    const claimed = await claims.claimWhenFree(family, key, { signal, waitsFor })
    if (claimed.status === 'owned') this.#placed(claimed.tenure, claimed.after)
    return claimed
  }

  /** @throws NotBegun when the claim of that token is over, or the key is about to be somewhere else. */
  admit(family: string, key: string, token: number): Fence {
    const tenure = this.#options.claims.tenure(family, key)
    if (tenure?.token === token && tenure.until > monotonicNow() && !this.#moving.has(keyId(family, key))) {
      return [tenure.token, tenure.until]
    }
    throw new NotBegun(new StaleOwnerError(nameOf(family, key), token, { host: this.#options.self.name }))
  }

  /**
   * While `work` is under way nothing begins there, and who asks waits.
   *
   * @returns undefined: that is so already.
   */
  during<T>(family: string, key: string, work: () => Promise<T>): Promise<T> | undefined {
    const id = keyId(family, key)
    if (this.#moving.has(id)) return undefined
    const working = work().finally(() => this.#moving.delete(id))
    this.#moving.set(
      id,
      working.catch(() => {}),
    )
    return working
  }

  /** A call could not even be begun here, for that reason: whoever can is to have the key. */
  failed(family: string, key: string, why: unknown): void {
    const tenure = this.#options.claims.tenure(family, key)
    if (tenure && this.#isAtRest(family, key)) {
      this.giveBack(tenure, `it could not be loaded on host "${this.#options.self.name}": ${messageOf(why)}`)
    }
  }

  /** It was handed over to this host, which is told by whoever did that. */
  taken({ family, key, token }: Pick<Tenure, 'family' | 'key' | 'token'>): void {
    this.#told.set(keyId(family, key), token)
  }

  /** An instance was unloaded: unless it left its state here, or is about to be loaded again, anybody may have its key. */
  unloaded(name: string): void {
    const tenure = this.#tenureOf(name)
    if (!tenure) return
    if (this.#isAtRest(tenure.family, tenure.key)) this.giveBack(tenure, 'it was unloaded')
  }

  #isAtRest(family: string, key: string): boolean {
    const component = this.#options.offers.instanceIfAny(family, key)
    if (this.#moving.has(keyId(family, key)) || component?.hibernation.keeps) return false
    const { waiting = 0, underWay = 0 } = component?.main.caller ?? {}
    return component?.isLoaded !== true && waiting + underWay === 0
  }

  giveBack({ family, key }: Tenure, why: string): void {
    const { claims, self, moves, logger } = this.#options
    this.#told.delete(keyId(family, key))
    moves.note({ kind: 'given-back', family, key, from: self.name, to: undefined, why })
    claims
      .giveBack(family, key)
      .catch((error: unknown) =>
        logger.warn({ component: nameOf(family, key), err: error }, 'its claim could not be given back: it runs out'),
      )
    // Keys come and go: those that are not served here are not to be remembered.
    this.#settled(nameOf(family, key), this.#options.offers.forget(family, key))
  }

  /** Its claim is over without this host's doing: what is loaded goes, with its state, which is somebody else's by now. */
  lost({ family, key }: Tenure, why: string): void {
    const { self, moves, logger } = this.#options
    logger.warn({ component: nameOf(family, key) }, `its claim is lost: ${why}; it is unloaded`)
    moves.tell({ kind: 'lost', family, key, from: self.name, to: undefined, why })
    this.release(family, key)
  }

  release(family: string, key: string): void {
    this.#told.delete(keyId(family, key))
    this.#settled(nameOf(family, key), this.#options.offers.release(family, key))
  }

  #settled(component: string, releasing: Promise<void>): void {
    releasing.catch((error: unknown) => this.#options.logger.warn({ component, err: error }, 'could not be unloaded'))
  }

  /** @param gone whose claim was waited for. */
  #placed({ family, key, token }: Tenure, gone: PeerId | undefined): void {
    const { self, moves } = this.#options
    const id = keyId(family, key)
    if (this.#told.get(id) === token) return
    this.#told.set(id, token)
    const move = { family, key, to: self.name }
    if (gone === undefined || gone.session === self.session)
      moves.note({ ...move, kind: 'placed', from: undefined, why: 'nobody had it' })
    else moves.tell({ ...move, kind: 'taken-over', from: gone.name, why: `host "${gone.name}", which had it, is gone` })
  }

  #tenureOf(name: string): Tenure | undefined {
    const { claims, offers } = this.#options
    for (const { name: family, kind } of offers.list) {
      if (kind !== 'family' || !name.startsWith(`${family}:`)) continue
      const tenure = claims.tenure(family, name.slice(family.length + 1))
      if (tenure) return tenure
    }
    return undefined
  }

  #refused(family: string, key: string, why: string): Answer {
    const name = nameOf(family, key)
    return { status: 'refused', why: encodeError(new NoHostError(name, why), name) }
  }
}

export const nameOf = (family: string, key: string): string => `${family}:${key}`
const keyId = (family: string, key: string): string => `${family}\0${key}`
