import { knownAddon, knownAddons } from './known-addons.ts'

/**
 * Which thread of this process has loaded each of the known addons that do not bear a second load: by their order in the list, 0 for none. It is claimed
 * by the thread that loads it, so that of two at the same moment one is refused.
 */
export type AddonClaims = Int32Array<SharedArrayBuffer>

/** Shared by all threads of this process. */
export const addonClaims: AddonClaims = new Int32Array(
  new SharedArrayBuffer(knownAddons.length * Int32Array.BYTES_PER_ELEMENT),
)

/** @returns false where another thread has loaded it, and ended or not, so that it must not be loaded here. */
export function claimAddon(claims: AddonClaims, addon: string, thread: number): boolean {
  const index = knownAddon(addon)
  if (index === undefined || knownAddons[index]?.fault !== 'second load') return true
  const owner = Atomics.compareExchange(claims, index, 0, thread)
  return owner === 0 || owner === thread
}
