/** Whose native memory is: by who was at work while it grew, and who can have taken any. */

/** A component with a worker in this process. */
export interface NativeSuspect {
  /** Of its worker. */
  readonly key: string
  /** It was loaded, called or busy since the last reading. */
  readonly worked: boolean
  /** Native code that may keep memory of its own has been loaded in its thread: an addon, SQLite, FFI. */
  readonly capable: boolean
  /** An unload of it has given back native memory. */
  readonly proven: boolean
}

/** What is taken to be a component's, bytes. */
export interface NativeShare {
  /** Nobody else was at work that could have taken it. */
  readonly certain: number
  /** Nobody else was at work, and that it can take any is not known (yet). */
  readonly alone: number
  readonly doubtful: number
}

/** By the key of the worker. */
export type NativeShares = ReadonlyMap<string, NativeShare>

/** Whom the memory of a heap snapshot is put down to: V8 builds it outside of all isolates, and no component has taken it. Among suspects this is whoever has one written. */
export const snapshotWriter = '(heap snapshot)'

/** Who was at work, ms of the monotonic clock. */
interface Work {
  /** What is asked about began then. */
  readonly time: number
  /** When each was last at work, by key. */
  readonly of: ReadonlyMap<string, number>
}

/** ms for which native code may go on by itself after whoever began it has done his work. */
const aftermath = 1_000

export const noShare: NativeShare = { certain: 0, alone: 0, doubtful: 0 }

export const sizeOf = (share: NativeShare | undefined): number =>
  share ? share.certain + share.alone + share.doubtful : 0

/**
 * So many bytes more: of those who were at work and can have taken them, or of all who were at work if that is known of none. Of nobody, if there was none.
 *
 * @param others whether somebody else may have taken them.
 */
export function grown(
  shares: NativeShares,
  bytes: number,
  suspects: readonly NativeSuspect[],
  work: Work,
  others: () => boolean,
): NativeShares {
  const since = (time: number): NativeSuspect[] =>
    suspects.filter(({ key }) => (work.of.get(key) ?? Number.NEGATIVE_INFINITY) >= time)
  const atWork = since(work.time)
  if (atWork.some(({ key }) => key === snapshotWriter)) {
    const share = shares.get(snapshotWriter) ?? noShare
    return new Map(shares).set(snapshotWriter, { ...share, doubtful: share.doubtful + bytes })
  }
  const capable = atWork.filter((suspect) => suspect.capable)
  const suspected = capable.length > 0 ? capable : atWork
  const [first] = suspected
  if (!first) return shares
  const maybe = since(work.time - aftermath).filter((suspect) => suspect.capable)
  const isOnlyOne = suspected.length === 1 && maybe.every(({ key }) => key === first.key)
  const kind = isOnlyOne ? certaintyOf(first, others) : 'doubtful'
  const next = new Map(shares)
  for (const { key } of suspected) {
    const share = next.get(key) ?? noShare
    next.set(key, { ...share, [kind]: share[kind] + bytes / suspected.length })
  }
  return next
}

/** It was the only one at work that can have taken it. */
function certaintyOf({ capable, proven }: NativeSuspect, others: () => boolean): keyof NativeShare {
  if (capable && proven) return 'certain'
  if (others()) return 'doubtful'
  return capable ? 'certain' : 'alone'
}

/** So many bytes less: of heap snapshots first, of those who were at work, then of what is nobody's; all together have no more than `total`. */
export function shrunk(all: NativeShares, less: number, total: number, work: Work): NativeShares {
  if (all.size === 0) return all
  const written = sizeOf(all.get(snapshotWriter))
  const back = Math.min(written, less)
  const shares = new Map(all)
  if (written > 0) shares.set(snapshotWriter, { ...noShare, doubtful: written - back })
  if (written === back) shares.delete(snapshotWriter)
  const bytes = less - back
  const atWork = new Set([...work.of].flatMap(([key, time]) => (time >= work.time ? [key] : [])))
  const theirs = sum([...shares].filter(([key]) => atWork.has(key)))
  const kept = theirs > 0 ? Math.max(0, 1 - bytes / theirs) : 1
  const first = [...shares].map(([key, share]) => [key, atWork.has(key) ? scaled(share, kept) : share] as const)
  const held = sum(first)
  return held > total ? new Map(first.map(([key, share]) => [key, scaled(share, total / held)])) : new Map(first)
}

/** Who was at work alone turns out to be able to take native memory: so he did. */
export function promoted(shares: NativeShares, suspects: readonly NativeSuspect[]): NativeShares {
  const found = suspects.filter(({ key, capable }) => capable && (shares.get(key)?.alone ?? 0) > 0)
  if (found.length === 0) return shares
  const next = new Map(shares)
  for (const { key } of found) {
    const { certain, alone, doubtful } = next.get(key) ?? noShare
    next.set(key, { certain: certain + alone, alone: 0, doubtful })
  }
  return next
}

/** What one did not give back was taken by those who shared a doubt with it, if there are any; else it is nobody's. */
export function blameDoubtful(shares: NativeShares, bytes: number): NativeShares {
  const doubtful = [...shares].filter(([key, share]) => key !== snapshotWriter && share.doubtful > 0)
  const all = doubtful.reduce((so, [, share]) => so + share.doubtful, 0)
  if (all === 0) return shares
  const next = new Map(shares)
  for (const [key, share] of doubtful)
    next.set(key, { ...share, doubtful: share.doubtful + (bytes * share.doubtful) / all })
  return next
}

/** What is doubted goes first. */
function scaled(share: NativeShare, factor: number): NativeShare {
  let gone = sizeOf(share) * (1 - factor)
  const less = (bytes: number): number => {
    const taken = Math.min(gone, bytes)
    gone -= taken
    return bytes - taken
  }
  const doubtful = less(share.doubtful)
  const alone = less(share.alone)
  return { certain: less(share.certain), alone, doubtful }
}

const sum = (shares: readonly (readonly [string, NativeShare])[]): number =>
  shares.reduce((all, [, share]) => all + sizeOf(share), 0)
