import type { ComponentInfo } from '../../contract/component-info.ts'
import { messageOf } from '../../contract/describe-value.ts'
import type { Claims } from '../claims/claims.ts'
import type { Keys } from './keys.ts'
import type { Offers } from './offers.ts'

/** unknown: it may have. */
export type Taken =
  | { readonly status: 'taken'; readonly token: number }
  | { readonly status: 'unknown'; readonly why: string }

/** Whether it would take it; or why not. */
export type Prepared = { readonly status: 'ready' } | { readonly status: 'refused'; readonly why: string }

/** What hosts ask of each other. */
export interface HostApi {
  /** What it offers, in figures; the first 2,000. */
  components(): readonly ComponentInfo[]
  /** Its owner is about to give a key away, with the state of its instance, which is undefined where it keeps none. */
  prepare(family: string, key: string, snapshot: Uint8Array | undefined): Promise<Prepared>
  /** It does: this host is to write itself over the claim as it was at that revision, at once. */
  take(family: string, key: string, revision: number): Promise<Taken>
  /** It does not. */
  forget(family: string, key: string): void
}

export interface HostApiOptions {
  readonly offers: Offers
  readonly keys: Pick<Keys, 'release' | 'taken'>
  readonly claims: Pick<Claims, 'take'>
  readonly list: () => readonly ComponentInfo[]
  readonly closedBecause: () => string | undefined
}

/** Components that are told of. Contract: what a page of the dashboard shows. */
const mostComponents = 2_000

export function hostApi({ offers, keys, claims, list, closedBecause }: HostApiOptions): HostApi {
  return {
    components: () =>
      list()
        .filter(({ name, family }) => offers.get(family ?? name) !== undefined)
        .slice(0, mostComponents),
    prepare: async (family, key, snapshot) => {
      const closed = closedBecause()
      if (closed !== undefined) return { status: 'refused', why: closed }
      try {
        const instance = offers.instance(family, key)
        if (!instance) return { status: 'refused', why: 'it is not offered' }
        if (snapshot) await instance.hibernation.accept(snapshot)
        return { status: 'ready' }
      } catch (error) {
        return { status: 'refused', why: messageOf(error) }
      }
    },
    forget: (family, key) => keys.release(family, key),
    take: async (family, key, revision) => {
      const tenure = await claims.take(family, key, revision)
      if (tenure) {
        keys.taken(tenure)
        return { status: 'taken', token: tenure.token }
      }
      keys.release(family, key)
      return { status: 'unknown', why: 'its claim was over, or could not be written over' }
    },
  }
}
