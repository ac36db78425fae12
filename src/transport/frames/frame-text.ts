/**
 * Most frames are small and plain: for those JSON takes a quarter of the time that `node:v8` does (measured: one call 0.4 and 4 µs to write, 0.6 and 1.6 to
 * read). It is only used where what comes out is what structured clone makes of it.
 */

/** Members that a frame may have in all; guessed: a hundred calls. */
const mostMembers = 1_000
/** Characters in all; more are copied faster as they are. Guessed. */
const mostCharacters = 16_000
/** Elements of an array of the user's; of numbers with fractions JSON is slower from a few on. Guessed. */
const longestArray = 64
/** Objects among which the same one is looked for one by one; guessed. */
const fewObjects = 8

let membersLeft = 0
let charactersLeft = 0
/** What has been seen of the user's: the same object twice would come out as two. */
let few: unknown[] = []
const many = new Set<unknown>()

/**
 * The frame as JSON; undefined: it would not come out as it is, or is too large.
 *
 * @param ours the two outermost levels were made here: nobody asks whether they are the same, or have names.
 */
export function textOf(frame: unknown, ours: boolean): string | undefined {
  membersLeft = mostMembers
  charactersLeft = mostCharacters
  if (few.length > 0) few = []
  if (many.size > 0) many.clear()
  return isText(frame, ours ? 0 : 2) ? JSON.stringify(frame) : undefined
}

function isTextList(list: readonly unknown[], level: number): boolean {
  const { length } = list
  if (level > 1) {
    if (length > longestArray) return false
    // A named property would be lost. They come last.
    const keys = Object.keys(list)
    if (keys.length !== length || (length > 0 && keys[length - 1] !== String(length - 1))) return false
  }
  for (let i = 0; i < length; i++) if (!isText(list[i], level + 1)) return false
  return true
}

function isText(value: unknown, level: number): boolean {
  if (--membersLeft < 0) return false
  switch (typeof value) {
    case 'string':
      return (charactersLeft -= value.length) >= 0
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'boolean':
      return true
    case 'object':
      return value === null || isTextObject(value, level)
    default:
      return false
  }
}

function isTextObject(value: object, level: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) {
    if (!Array.isArray(value) || (level > 1 && isSeen(value))) return false
    return isTextList(value, level)
  }
  if (prototype !== Object.prototype || isSeen(value)) return false
  const keys = Object.keys(value)
  for (const key of keys) {
    if ((charactersLeft -= key.length) < 0 || !isText((value as Record<string, unknown>)[key], level + 1)) return false
  }
  return true
}

function isSeen(value: object): boolean {
  if (many.size === 0) {
    if (few.includes(value)) return true
    few.push(value)
    if (few.length > fewObjects) for (const each of few) many.add(each)
    return false
  }
  const { size } = many
  return many.add(value).size === size
}
