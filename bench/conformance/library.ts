import type work from './misbehave.js'

export type Method = keyof typeof work

/** One worker or process with `misbehave.js` in it, as the library's own documentation has it used. */
export interface Library {
  readonly call: (method: Method, argument?: unknown) => Promise<unknown>
  /** With a deadline, ms, where the library has them. */
  readonly callWithin?: (method: Method, timeout: number) => Promise<unknown>
  /** The way to end it that the library offers. */
  readonly end: () => PromiseLike<unknown>
}

export interface OpenOptions {
  /** What the worker may take, MiB, by whatever the library takes such a limit. None when not given. */
  readonly limit?: number
}

export type Open = (options: OpenOptions) => Library | Promise<Library>

/** What those with nothing of their own hand to the worker. */
export function resourceLimits({ limit }: OpenOptions): { resourceLimits?: { maxOldGenerationSizeMb: number } } {
  return limit === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: limit } }
}
