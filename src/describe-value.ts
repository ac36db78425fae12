/** A value as error messages show it: short, and whatever it is, without failing. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
    case 'symbol':
      return 'a symbol'
    case 'bigint':
      return `${value}n`
    case 'function':
    case 'object':
      return value === null ? 'null' : describeObject(value)
    default:
      return String(value)
  }
}

function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`
    const { name } = typeof value === 'function' ? value : value.constructor
    const known = typeof name === 'string' && name !== '' && name !== 'Object' ? ` (${name})` : ''
    return `${typeof value === 'function' ? 'a function' : 'an object'}${known}`
  } catch {
    // No constructor, or a proxy or getter that throws: that must not replace the error that is being made.
    return 'an object'
  }
}
