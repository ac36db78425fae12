/** @import { ComponentView, Snapshot } from '../../live/schemas.ts' */

/** Advice about what is wrong now, as the page groups it. Pure. */

/** @typedef {Snapshot['advice'][number]} Advice */
/** @typedef {ReadonlyMap<string, Pick<ComponentView, 'family'>>} Families by the names of components */
/**
 * Where the evidence is.
 *
 * @typedef {{ readonly kind: 'component', readonly name: string }
 *   | { readonly kind: 'table', readonly search: string, readonly sort: string }
 *   | { readonly kind: 'plan' }} Evidence
 */
/** @typedef {{ readonly id: string, readonly kind: string, readonly words: string, readonly since: number, readonly evidence: Evidence }} Line since: epoch ms */

/** What the components that have it are sorted by, so that the worst is on top. Worst kind first. */
/** @type {Readonly<Record<string, string>>} */
const sorts = { 'out-of-room': 'memory', stuck: 'state', failing: 'errors', growing: 'growth', thrashing: 'regrets' }
const worstFirst = Object.keys(sorts)
/** More pieces of one kind than this become one line: of a family, and of others. */
const mostAlike = { family: 2, others: 3 }

/** @param {Advice} advice */
const kindOf = ({ id }) => id.split(':', 1)[0] ?? id

/** What a kind is called. @param {string} kind */
export const kindWords = (kind) => kind.replaceAll('-', ' ')

/** @param {string} kind */
const rank = (kind) => (worstFirst.includes(kind) ? worstFirst.indexOf(kind) : worstFirst.length)

/**
 * What is wrong with each component.
 *
 * @param {readonly Advice[]} advice
 * @returns {ReadonlyMap<string, readonly string[]>}
 */
export function troubles(advice) {
  /** @type {Map<string, string[]>} */
  const found = new Map()
  for (const piece of advice) {
    if (piece.component === undefined || !piece.urgent) continue
    const all = found.get(piece.component)
    if (all) all.push(kindOf(piece))
    else found.set(piece.component, [kindOf(piece)])
  }
  return found
}

/** From this share of failed calls on it is failing, also where no advice says so yet. */
const mostlyFailing = 0.5

/**
 * @param {Pick<ComponentView, 'name' | 'errorShare' | 'host'>} component of another host nothing is known but its figures
 * @param {ReadonlyMap<string, readonly string[]>} known
 * @returns {readonly string[]} kinds
 */
export function wrongWith({ name, errorShare, host }, known) {
  const kinds = (host === undefined && known.get(name)) || []
  return (errorShare ?? 0) >= mostlyFailing && !kinds.includes('failing') ? [...kinds, 'failing'] : kinds
}

/**
 * One line for each piece; for many of one kind, one line for those of a family and one for the others.
 *
 * @param {readonly Advice[]} advice
 * @param {Families} components
 * @returns {Line[]}
 */
export function attentionLines(advice, components) {
  /** @type {Map<string, { kind: string, family: string | null, pieces: Advice[] }>} */
  const alike = new Map()
  for (const piece of advice) {
    if (!piece.urgent) continue
    const kind = kindOf(piece)
    const family = (piece.component !== undefined && components.get(piece.component)?.family) || null
    const key = `${kind}\n${family ?? ''}`
    const group = alike.get(key)
    if (group) group.pieces.push(piece)
    else alike.set(key, { kind, family, pieces: [piece] })
  }
  return [...alike.values()]
    .flatMap(({ kind, family, pieces }) =>
      pieces.length > (family === null ? mostAlike.others : mostAlike.family)
        ? [folded(kind, family, pieces, components)]
        : pieces.map((piece) => single(kind, piece)),
    )
    .sort((a, b) => rank(a.kind) - rank(b.kind) || a.since - b.since)
}

/**
 * @param {string} kind
 * @param {Advice} advice
 * @returns {Line}
 */
function single(kind, { id, component, message, since }) {
  return {
    id,
    kind,
    words: message,
    since,
    evidence: component === undefined ? { kind: 'plan' } : { kind: 'component', name: component },
  }
}

/**
 * @param {string} kind
 * @param {string | null} family
 * @param {readonly Advice[]} pieces
 * @param {Families} components
 * @returns {Line}
 */
function folded(kind, family, pieces, components) {
  const word = kindWords(kind)
  const names = pieces.flatMap(({ component }) => component ?? [])
  const members = family === null ? 0 : [...components.values()].filter((each) => each.family === family).length
  return {
    id: `${kind}\n${family ?? ''}`,
    kind,
    words:
      family === null
        ? `${names.length} components are ${word}: ${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
        : `${family}: ${names.length} of ${members} are ${word}`,
    since: Math.min(...pieces.map(({ since }) => since)),
    evidence: { kind: 'table', search: family ?? '', sort: sorts[kind] ?? 'memory' },
  }
}
