import type { ComponentInfo } from '../../contract/component-info.ts'
import { messageOf } from '../../contract/describe-value.ts'
import type { Claims } from '../claims/claims.ts'
import type { Keys } from './keys.ts'
import type { Offers } from './offers.ts'

/** refused: it has not, and will not. unknown: it may have. */
export type Taken =
  | { readonly status: 'taken'; readonly token: number }
  | { readonly status: 'refused' | 'unknown'; readonly why: string }

/** What hosts ask of each other. */
export interface HostApi {
  /** What it offers, in figures; the first 2,000. */
  components(): readonly ComponentInfo[]
  /** Its owner gives a key away, with the state of its instance. */
  take(family: string, key: string, revision: number, snapshot: Uint8Array | undefined): Promise<Taken>
}

export interface HostApiOptions {
  readonly offers: Offers
  readonly keys: Pick<Keys, 'release'>
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
    take: async (family, key, revision, snapshot) => {
      const closed = closedBecause()
      if (closed !== undefined) return { status: 'refused', why: closed }
      try {
        const instance = offers.instance(family, key)
        if (!instance) return { status: 'refused', why: 'it is not offered' }
        if (snapshot) await instance.hibernation.accept(snapshot)
      } catch (error) {
        return { status: 'refused', why: messageOf(error) }
      }
      const tenure = await claims.take(family, key, revision)
      if (tenure) return { status: 'taken', token: tenure.token }
      keys.release(family, key)
      return { status: 'unknown', why: 'its claim was over, or could not be written over' }
    },
  }
}
