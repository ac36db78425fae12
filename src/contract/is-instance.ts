/** `instanceof` for values of anybody's making: a proxy may throw on being asked (revoked, or with a trap), and then it is none. */
export function isInstance<T>(value: unknown, of: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof of
  } catch {
    return false
  }
}
