import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { defineComponent, fencingToken } from '../../../worker.ts'

export interface OrderBookConfig {
  /** On a disk that all hosts reach. */
  readonly file: string
  readonly host: string
}

/** The orders of one symbol: each is on disk before it is acknowledged, with who took it and under which claim. It never asks whether it has an order already. */
export default defineComponent(({ file, host }: OrderBookConfig) => {
  let orders = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
  return {
    /** @returns how many there are now. */
    place(order: number): number {
      appendFileSync(file, `${order} ${fencingToken()} ${host}\n`)
      return ++orders
    },
  }
})
