import { sortKeys } from './rows.ts'
import type { Look } from './rows.ts'

/** Rows that one key moves by: those of a page are the terminal's. */
const moves: Readonly<Record<string, (page: number) => number>> = {
  '\u001b[A': () => -1,
  '\u001b[B': () => 1,
  k: () => -1,
  j: () => 1,
  '\u001b[5~': (page) => -page,
  '\u001b[6~': (page) => page,
  ' ': (page) => page,
  '\u001b[H': () => -Infinity,
  '\u001b[F': () => Infinity,
}

/**
 * How the table is looked at after a key.
 *
 * @param rows that there are. @param page how many of them are shown.
 */
export function pressed(look: Look, key: string, rows: number, page: number): Look {
  const sort = sortKeys.find((each) => each.startsWith(key.toLowerCase()) && key.length === 1)
  if (sort) return { ...look, sort, offset: 0 }
  if (key === 'f' || key === 'F') return { ...look, folded: !look.folded, offset: 0 }
  const move = moves[key]
  if (!move) return look
  return { ...look, offset: Math.max(0, Math.min(look.offset + move(page), rows - page)) }
}

/** What the keys do, in a line: what it is sorted by stands in brackets. */
export function hints({ sort, folded }: Look): string {
  const sorting = sortKeys.map((key) => (key === sort ? `[${key}]` : `${key[0]} ${key}`)).join('  ')
  return `${sorting}  f ${folded ? 'unfold' : 'fold'}  ↑↓ scroll  q quit`
}
