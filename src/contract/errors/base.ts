export interface SpillwayErrorOptions {
  cause?: unknown
}

/** Base of all Spillway errors. `code` is stable across versions; `message` is not. Your own: see `registerErrorClass`. */
export abstract class SpillwayError extends Error {
  abstract readonly code: string

  static {
    this.prototype.name = 'SpillwayError'
  }
}

/** What is known of an error by its code alone. */
export type Coded<E extends SpillwayError> = Pick<E, 'code' | 'message'> & Partial<E>

/** What every guard asks: the code survives what a prototype does not. */
export function hasCode(value: unknown, code: string): boolean {
  return codeOf(value) === code
}

/** Undefined as well for a proxy, or a getter, that throws on being asked. */
export function codeOf(value: unknown): unknown {
  try {
    return typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined
  } catch {
    return undefined
  }
}
