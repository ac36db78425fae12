import { rendezvous } from '../../src/cluster/rendezvous.ts'

export interface PlacementFigures {
  /** Largest distance of a host's keys from its share by room, as part of that share. */
  readonly unevenness: number
  /** Part of all keys that have another host after one of the hosts left, or another came. */
  readonly movedByLeave: number
  readonly movedByJoin: number
  /** Keys that moved between two hosts neither of which came or left. */
  readonly movedForNothing: number
  /** µs */
  readonly took: number
}

/** So many keys over hosts of those weights (room). */
export function measurePlacement(keys: number, weights: readonly number[]): PlacementFigures {
  const hosts = weights.map((weight, i) => ({ name: `host-${i}`, weight }))
  const names = Array.from({ length: keys }, (_, i) => `books\0key-${i}`)
  const place = (among: typeof hosts): (string | undefined)[] => names.map((name) => rendezvous(among, name)?.name)
  const began = performance.now()
  const placed = place(hosts)
  const took = ((performance.now() - began) * 1_000) / keys
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const unevenness = hosts.map(({ name, weight }) => {
    const share = (keys * weight) / all
    return Math.abs(placed.filter((host) => host === name).length - share) / share
  })
  const gone = hosts[0]?.name
  const fewer = place(hosts.slice(1))
  const more = place([...hosts, { name: 'one-more', weight: all / weights.length }])
  const moved = (after: typeof placed): number[] => names.flatMap((_, i) => (after[i] === placed[i] ? [] : [i]))
  const left = moved(fewer)
  const joined = moved(more)
  return {
    unevenness: Math.max(...unevenness),
    movedByLeave: left.length / keys,
    movedByJoin: joined.length / keys,
    movedForNothing:
      left.filter((i) => placed[i] !== gone).length + joined.filter((i) => more[i] !== 'one-more').length,
    took,
  }
}
