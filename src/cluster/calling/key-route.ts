import { isStaleOwnerError } from '../../contract/errors.ts'
import { placeKey } from '../placement.ts'
import type { PeerId } from '../directory.ts'
import type { Answer } from '../handshake.ts'
import { Route } from './route.ts'
import type { RouteHome } from './route.ts'

/** One key of a family of the cluster: its calls go to its owner. */
export class KeyRoute extends Route {
  readonly #family: string
  readonly #key: string
  /** Who owns it, as far as is known, and the largest token that was heard of. */
  #owner: PeerId | undefined
  #token = 0

  constructor(family: string, key: string, home: RouteHome) {
    super(`${family}:${key}`, home)
    this.#family = family
    this.#key = key
  }

  protected place(): void {
    if (this.caller.waiting === 0 || this.connected.length > 0) return
    const owner = this.#owner
    const { candidates } = this
    const known = owner && candidates.find(({ id }) => id.session === owner.session)
    const chosen = known ?? placeKey(candidates, this.#family, this.#key)
    if ('none' in chosen) {
      this.noHost(chosen.none)
      return
    }
    // Whoever is asked in the owner's place waits for the end of its claim.
    const gone = known ? undefined : owner
    this.connect(chosen.id, { kind: 'key', family: this.#family, key: this.#key, gone })
  }

  protected answered(host: PeerId, answer: Exclude<Answer, { readonly status: 'served' }>): void {
    if (answer.status === 'elsewhere') {
      if (answer.token < this.#token) return
      this.#owner = answer.owner
      this.#token = answer.token
    } else {
      this.avoid(host.session)
      this.#forgetOwner(host)
    }
  }

  protected served(host: PeerId, token: number): boolean {
    if (token < this.#token) return false
    const former = this.#owner
    this.#owner = host
    this.#token = token
    // What an owner says whose claim is over comes too late.
    if (former && former.session !== host.session) {
      const cause = new Error(`Host "${host.name}" owns the key now`)
      this.giveUp(former.session, { reason: 'host-gone', host: former.name, cause })
    }
    return true
  }

  /** One that owns it no more says itself whom to ask; one that could not begin the call is to be left alone. */
  protected avoidRefused(host: PeerId, why: unknown): void {
    if (isStaleOwnerError(why)) return
    this.avoid(host.session)
    this.#forgetOwner(host)
  }

  /** The owner is asked again, or others are told that it is gone. */
  protected lost({ session }: PeerId): void {
    if (session !== this.#owner?.session) this.avoid(session)
  }

  protected get isLoaded(): boolean {
    return this.connected.length > 0
  }

  #forgetOwner({ session }: PeerId): void {
    if (this.#owner?.session === session) this.#owner = undefined
  }
}
