import type { ExtraWorker } from '../contract/ledger.ts'
import type { Kept } from '../contract/unload-policy.ts'
import { names, size } from './figures.ts'
import { extraWords, reasonWords } from './reasons.ts'

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
  /** Workers that are no component's current one. */
  readonly extra: readonly ExtraWorker[]
  readonly mainThread: number
  /** Native memory that is no component's. */
  readonly native: number
}

export const thrashingMessage = ({ loads, bytes, names: whose }: Thrashing, growing: readonly string[]): string => {
  const seen = `Components push each other out: ${names(whose, 5)} had to be loaded again within 60 s of an unload, ${loads} times in the last minute (${size(bytes)})`
  if (growing.length === 0) return `${seen}; raise totalLimit, or let fewer of them be used at a time`
  return `${seen}; most likely because ${names(growing, 5)} ${growing.length > 1 ? 'grow and keep' : 'grows and keeps'} it: look there first`
}

/** Of those that stay so many are told. */
const mostHolders = 5

export function outOfRoomMessage({ missing, holders, extra, mainThread, native }: OutOfRoom): string {
  const loaded = holders.map(({ name, bytes, reason }) => ({ name, bytes, why: reasonWords(reason) }))
  const others = extra.map(({ name, total: bytes, kind }) => ({ name, bytes, why: extraWords[kind] }))
  const held = [...loaded, ...others]
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, mostHolders)
    .map(({ name, bytes, why }) => `"${name}" ${size(bytes)} (${why})`)
  const nobodys = native > mainThread ? [`native memory of nobody known ${size(native)}`] : []
  const who = [...held, `the main thread ${size(mainThread)}`, ...nobodys].join(', ')
  return `Memory is short by ${size(missing)}, and nothing more may be unloaded: what stays is ${who}; raise totalLimit, or ask less of them at a time`
}
