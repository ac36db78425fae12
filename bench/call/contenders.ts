import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { Piscina } from 'piscina'
import { ComponentCoordinator } from 'spillway'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type echoComponent from './echo-component.ts'

/** One way to have a value echoed by another thread. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  /** Calls the other thread; all contenders end in a function that returns the promise of the echo. */
  readonly echo: (value: unknown) => Promise<unknown>
}

/** The least there is: one message there, one back, and a map of who waits. What the others cost on top of this is their own. */
export async function rawMessagePort(): Promise<Contender> {
  const { worker, port } = startWorker('raw-worker')
  const waiting = new Map<number, (value: unknown) => void>()
  let lastId = 0
  port.on('message', ([id, value]: [id: number, value: unknown]) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  return {
    name: 'raw MessagePort',
    echo: (value) =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        port.postMessage([id, value])
      }),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}

export async function comlink(): Promise<Contender> {
  const { worker, port } = startWorker('comlink-worker')
  const remote = wrap<{ echo(value: unknown): unknown }>(nodeEndpoint(port))
  return {
    name: 'comlink',
    echo: (value) => remote.echo(value),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  }
}

export async function piscina(): Promise<Contender> {
  const filename = new URL('piscina-worker.ts', import.meta.url).href
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 64 })
  return {
    name: 'piscina.run',
    echo: (value) => pool.run(value),
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

export async function spillway(): Promise<Contender> {
  const coordinator = new ComponentCoordinator({ spareWorkers: 0 })
  const remote = coordinator.registerComponent<typeof echoComponent>({
    name: 'echo',
    module: new URL('echo-component.ts', import.meta.url),
  })
  return {
    name: 'spillway',
    echo: (value) => remote.echo(value),
    [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose](),
  }
}

function startWorker(name: string): { worker: Worker; port: MessagePort } {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL(`${name}.ts`, import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
  })
  return { worker, port: port1 }
}
