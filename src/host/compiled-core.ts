/** What has been compiled, and of what source, in memory that all threads share. */
export interface Compiled {
  readonly source: Uint8Array<SharedArrayBuffer>
  readonly code: Uint8Array<SharedArrayBuffer>
}

/** What this thread has compiled of what a worker needs. The sources run as they are; the build puts load.cjs's in its place (docs/decisions/few-files.md). */
export const compiledCore: (() => Compiled) | undefined = undefined
