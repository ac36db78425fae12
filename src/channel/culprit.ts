import { isMap } from 'node:util/types'
import { isContainer } from './references.ts'

/** Something in a value that cannot be cloned, and where: as one would write it behind the value. */
export interface Culprit {
  readonly value: unknown
  /** 'options.onHit', '[2].run'; of a Map by its key: 'get("a")'. */
  readonly path: string
}

/** Objects that are looked at; guessed. */
const maxObjects = 10_000

interface Step {
  readonly from: Step | undefined
  readonly name: string
}

/**
 * The first such thing in what is in a value's objects, arrays and values of Maps, level by level; undefined where it is none of those, or cannot be found.
 *
 * @param isCloneable whether what is none of them can be cloned, or moves.
 */
export function culpritIn(root: unknown, isCloneable: (value: unknown) => boolean): Culprit | undefined {
  const seen = new Set<unknown>()
  let level: { readonly container: object; readonly at: Step | undefined }[] = hasMembers(root)
    ? [{ container: root, at: undefined }]
    : []
  while (level.length > 0 && seen.size < maxObjects) {
    const inside: typeof level = []
    for (const { container, at: from } of level) {
      for (const [name, value] of membersOf(container)) {
        const at: Step = { from, name }
        if (!hasMembers(value)) {
          if (!isCloneable(value)) return { value, path: pathTo(at) }
        } else if (!seen.has(value)) {
          seen.add(value)
          inside.push({ container: value, at })
        }
      }
    }
    level = inside
  }
  return undefined
}

function hasMembers(value: unknown): value is object {
  try {
    return typeof value === 'object' && value !== null && isContainer(value)
  } catch {
    // A proxy that throws.
    return false
  }
}

function membersOf(container: object): (readonly [name: string, value: unknown])[] {
  try {
    if (isMap(container)) {
      return Array.from(container, ([key, value]) => [`.get(${JSON.stringify(String(key))})`, value] as const)
    }
    const isList = Array.isArray(container)
    return Object.entries(container).map(([key, value]) => [isList ? `[${key}]` : nameOf(key), value as unknown])
  } catch {
    // A getter or a proxy that throws.
    return []
  }
}

function nameOf(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

function pathTo(last: Step): string {
  const names: string[] = []
  for (let step: Step | undefined = last; step; step = step.from) names.push(step.name)
  return names.toReversed().join('').replace(/^\./, '')
}
