// As much of the peers as is used here: the types are checked where nobody has installed them.

declare module 'tinypool' {
  import type { ResourceLimits } from 'node:worker_threads'

  export class Tinypool {
    constructor(options: {
      readonly filename?: string
      readonly runtime?: 'worker_threads' | 'child_process'
      readonly minThreads: number
      readonly maxThreads: number
      readonly concurrentTasksPerWorker?: number
      readonly resourceLimits?: ResourceLimits
      readonly serialization?: 'json' | 'advanced'
    })
    run(
      task: unknown,
      options: {
        readonly name: string
        readonly filename?: string
        readonly signal?: AbortSignal
        readonly transferList?: readonly object[]
      },
    ): Promise<unknown>
    destroy(): Promise<void>
    static move(value: object): object
    static readonly transferableSymbol: symbol
    static readonly valueSymbol: symbol
  }
}

declare module 'workerpool' {
  import type { WorkerOptions } from 'node:worker_threads'

  interface Task extends PromiseLike<unknown> {
    timeout(ms: number): Task
    cancel(): Task
  }
  interface Pool {
    exec(method: string, parameters: readonly unknown[], options?: { readonly on: (payload: unknown) => void }): Task
    terminate(force?: boolean): PromiseLike<unknown>
  }
  const workerpool: {
    pool(
      script: string,
      options: {
        readonly workerType: 'thread' | 'process'
        readonly minWorkers: number
        readonly maxWorkers: number
        readonly workerThreadOpts?: WorkerOptions
        readonly forkOpts?: { readonly serialization: 'json' | 'advanced' }
      },
    ): Pool
    worker(methods: object): void
    workerEmit(payload: unknown): void
    Transfer: new (message: object, transfer: readonly object[]) => object
  }
  export default workerpool
}

declare module 'poolifier' {
  import type { WorkerOptions } from 'node:worker_threads'

  export class FixedThreadPool {
    constructor(
      numberOfThreads: number,
      filePath: string,
      options?: { readonly errorHandler?: (error: Error) => void; readonly workerOptions?: WorkerOptions },
    )
    execute(data: unknown, name: string, signal?: AbortSignal): Promise<unknown>
    destroy(): Promise<void>
  }
  export const ThreadWorker: new (functions: Readonly<Record<string, (argument: never) => unknown>>) => object
}

declare module 'threads' {
  import type { WorkerOptions } from 'node:worker_threads'

  export type ExposedThread = Readonly<Record<string, (argument: unknown) => Promise<unknown>>>
  export interface Observable<T> {
    subscribe(observer: { readonly next: (value: T) => void; readonly complete: () => void }): void
  }
  export const Worker: new (path: string, options?: WorkerOptions) => object
  export function spawn<T = ExposedThread>(worker: object): Promise<T>
  export const Thread: { terminate(thread: ExposedThread): Promise<void> }
}

declare module 'threads/worker' {
  export function expose(methods: object): void
  export function Transfer(payload: object, transferables: readonly object[]): object
}

declare module 'threads/observable' {
  export const Observable: new (
    subscriber: (observer: { readonly next: (value: unknown) => void; readonly complete: () => void }) => void,
  ) => object
}
