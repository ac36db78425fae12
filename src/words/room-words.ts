import type { Kept } from '../contract/unload-policy.ts'
import { names, size } from './figures.ts'
import { reasonWords } from './reasons.ts'

/** Components push each other out. */
export interface Thrashing {
  /** Loads of the last minute that followed an unload for want of memory within 60 s, and their bytes. */
  readonly loads: number
  readonly bytes: number
  /** Whose they were, the most often first. */
  readonly names: readonly string[]
}

/** Memory is short, and nothing that may be unloaded holds what is missing. Bytes. */
export interface OutOfRoom {
  readonly missing: number
  /** Those that stay, the largest first. */
  readonly holders: readonly (Kept & { readonly bytes: number })[]
  readonly mainThread: number
}

export const thrashingMessage = ({ loads, bytes, names: whose }: Thrashing): string =>
  `Components push each other out: ${names(whose, 5)} had to be loaded again within 60 s of an unload, ${loads} times in the last minute (${size(bytes)}); raise totalLimit, or let fewer of them be used at a time`

/** Of those that stay so many are told. */
const mostHolders = 5

export function outOfRoomMessage({ missing, holders, mainThread }: OutOfRoom): string {
  const held = holders
    .slice(0, mostHolders)
    .map(({ name, bytes, reason }) => `"${name}" ${size(bytes)} (${reasonWords(reason)})`)
  const who = [...held, `the main thread ${size(mainThread)}`].join(', ')
  return `Memory is short by ${size(missing)}, and nothing more may be unloaded: what stays is ${who}; raise totalLimit, or ask less of them at a time`
}
