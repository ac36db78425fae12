/** The time that what is decided goes by: how long something has been idle, when it may be loaded again, whether a call is late. A test has one of its own. */
export interface Clock {
  /** ms. It never goes back; its zero means nothing. */
  now(): number
  /** Calls back once, when `ms` have passed on this clock. What it returns is given to `clearTimeout`. */
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
}
