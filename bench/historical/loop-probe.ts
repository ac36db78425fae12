import { Worker } from 'node:worker_threads'
import { quantile } from '../harness/statistics.ts'

/** Sends the time at which it does so, every 2 ms. */
const source = `
  const { parentPort } = require('node:worker_threads')
  const { performance } = require('node:perf_hooks')
  const lock = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    parentPort.postMessage(performance.timeOrigin + performance.now())
    Atomics.wait(lock, 0, 0, 2)
  }`

/** How long what arrives at this thread waits until it is served: another one sends it something all the time. */
export class LoopProbe {
  #delays: number[] = []

  constructor() {
    new Worker(source, { eval: true })
      .on('message', (sent: number) => this.#delays.push(performance.timeOrigin + performance.now() - sent))
      .unref()
  }

  /** The 99th percentile of the delays since the last time, ms. */
  take(): number {
    const p99 = quantile(this.#delays, 0.99)
    this.#delays = []
    return p99
  }
}
