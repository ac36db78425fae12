/**
 * The names most like `wanted`, best first, by edit distance (optimal string alignment: insert, delete, replace, swap
 * neighbours) without regard to case and punctuation; among equals, those that share the beginning and then the
 * alphabet decide.
 */
export function nearestNames(wanted: string, names: Iterable<string>, count = 5): string[] {
  const target = plain(wanted)
  return [...names]
    .map((name) => ({ name, distance: editDistance(target, plain(name)), shared: sharedStart(target, plain(name)) }))
    .sort((a, b) => a.distance - b.distance || b.shared - a.shared || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name)
}

/**
 * Edits between two strings. Source: Boytsov, "Indexing methods for approximate dictionary searching" (2011), section
 * 2.2.
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min(previous[j]! + 1, current[j - 1]! + 1, replace)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, beforePrevious[j - 2]! + 1)
      }
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length]!
}

/** For a message: `"a", "b"`. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ')
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function sharedStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
