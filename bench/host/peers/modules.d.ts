// As much of the peers as is used here: the types are checked where nobody has installed them.

declare module 'tinypool' {
  export class Tinypool {
    constructor(options: {
      readonly filename: string
      readonly runtime: 'worker_threads' | 'child_process'
      readonly minThreads: number
      readonly maxThreads: number
      readonly concurrentTasksPerWorker: number
      readonly serialization?: 'json' | 'advanced'
    })
    run(task: unknown, options: { readonly name: string }): Promise<unknown>
    destroy(): Promise<void>
  }
}

declare module 'workerpool' {
  interface Pool {
    exec(method: string, parameters: readonly unknown[]): PromiseLike<unknown>
    terminate(): PromiseLike<unknown>
  }
  const workerpool: {
    pool(
      script: string,
      options: {
        readonly workerType: 'thread' | 'process'
        readonly minWorkers: number
        readonly maxWorkers: number
        readonly forkOpts?: { readonly serialization: 'json' | 'advanced' }
      },
    ): Pool
    worker(methods: object): void
  }
  export default workerpool
}

declare module 'jest-worker' {
  type Methods = Readonly<Record<'echo' | 'lengthOf' | 'hold' | 'pid', (argument: unknown) => Promise<unknown>>>
  export const Worker: new (
    file: string,
    options: {
      readonly numWorkers: number
      readonly enableWorkerThreads: boolean
      readonly exposedMethods: readonly string[]
    },
  ) => Methods & { end(): Promise<unknown> }
}
