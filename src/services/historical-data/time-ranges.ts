/** `start` <= time < `end`, epoch ms. */
export interface TimeRange {
  readonly start: number
  readonly end: number
}

/*
 * Sets of times, as ranges in ascending order that neither overlap nor touch.
 */

/** The parts of `range` that are in none of `taken`. */
export function subtract(range: TimeRange, taken: readonly TimeRange[]): TimeRange[] {
  const left: TimeRange[] = []
  let { start } = range
  for (const { start: from, end: to } of taken) {
    if (to <= start) continue
    if (from >= range.end) break
    if (from > start) left.push({ start, end: from })
    start = to
  }
  if (start < range.end) left.push({ start, end: range.end })
  return left
}

/** `ranges` and `added` together. */
export function union(ranges: readonly TimeRange[], added: TimeRange): TimeRange[] {
  if (added.start >= added.end) return [...ranges]
  const before = ranges.filter(({ end }) => end < added.start)
  const after = ranges.filter(({ start }) => start > added.end)
  const touching = ranges.slice(before.length, ranges.length - after.length)
  const merged = {
    start: Math.min(added.start, touching[0]?.start ?? added.start),
    end: Math.max(added.end, touching.at(-1)?.end ?? added.end),
  }
  return [...before, merged, ...after]
}

/** Ranges in any order, which may overlap or touch, as such a set. */
export function merge(ranges: readonly TimeRange[]): TimeRange[] {
  const merged: TimeRange[] = []
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && range.start <= last.end) merged[merged.length - 1] = { ...last, end: Math.max(last.end, range.end) }
    else merged.push({ start: range.start, end: range.end })
  }
  return merged
}

export const overlaps = (a: TimeRange, b: TimeRange): boolean => a.start < b.end && b.start < a.end
