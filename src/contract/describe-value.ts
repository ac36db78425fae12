/** Characters of a text that messages show; guessed. */
const shownCharacters = 80
/** Characters of what somebody else's error says, or of how a thrown value describes itself; guessed. */
const messageCharacters = 10_000

/** A value as error messages show it: short, and whatever it is, without failing. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(shortened(value, shownCharacters))
    case 'symbol':
      return shortened(value.toString(), shownCharacters)
    case 'bigint':
      return `${shortened(String(value), shownCharacters)}n`
    case 'function':
    case 'object':
      return value === null ? 'null' : describeObject(value)
    default:
      return String(value)
  }
}

/** What something thrown says, whatever it is, without failing: `String()` refuses objects without prototype, among others. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return shortened(thrown, messageCharacters)
  try {
    if (thrown instanceof Error && typeof thrown.message === 'string') return thrown.message
    if (typeof thrown !== 'symbol' && typeof thrown !== 'function') return shortened(String(thrown), messageCharacters)
  } catch {
    // It has no way of being put into words, or one that throws.
  }
  return describeValue(thrown)
}

/** The same with the name of an error before it. */
export function headlineOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error && typeof thrown.name === 'string') return `${thrown.name}: ${messageOf(thrown)}`
  } catch {
    // A getter or a proxy that throws.
  }
  return messageOf(thrown)
}

function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`
    const { name } = typeof value === 'function' ? value : value.constructor
    const known =
      typeof name === 'string' && name !== '' && name !== 'Object' ? ` (${shortened(name, shownCharacters)})` : ''
    return `${typeof value === 'function' ? 'a function' : 'an object'}${known}`
  } catch {
    // No constructor, or a proxy or getter that throws: that must not replace the error that is being made.
    return 'an object'
  }
}

function shortened(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters)}…` : text
}
