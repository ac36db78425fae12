import type { ComponentCoordinator } from '../index.ts'
import { isComponentNotLoadedError } from '../contract/errors.ts'
import { errorCode } from '../metrics/error-code.ts'
import { Counts } from '../metrics/tally.ts'
import { bytes, count } from '../dashboard/page/format.js'

/** Counts what happens from now on, to be told at the end. */
export class RunSummary {
  readonly #coordinator: ComponentCoordinator
  readonly #start = performance.now()
  readonly #unloads = new Counts()
  readonly #errors = new Counts()
  #loads = 0
  #crashes = 0
  #missed = 0
  /** Bytes, and the share of the limit of that moment. */
  #peak = { usage: 0, limit: 1 }

  constructor(coordinator: ComponentCoordinator) {
    this.#coordinator = coordinator
    coordinator.on('load', () => this.#loads++)
    coordinator.on('crash', () => this.#crashes++)
    coordinator.on('unload', ({ reason }) => this.#unloads.add(reason))
    coordinator.on('sample', ({ usage, limit }) => {
      if (usage / limit > this.#peak.usage / this.#peak.limit) this.#peak = { usage, limit }
    })
    coordinator.watchCalls(({ failed, error }) => {
      // A strategy that is not loaded is not given its update, and not loaded for it either.
      if (isComponentNotLoadedError(error)) this.#missed++
      else if (failed) this.#errors.add(errorCode(error))
    })
  }

  /** A few lines for people. */
  toString(): string {
    const calls = this.#coordinator.list().reduce((sum, component) => sum + component.calls, 0)
    const { usage, limit } = this.#peak
    const lines: [string, string][] = [
      ['ran for', `${((performance.now() - this.#start) / 1_000).toFixed(1)} s`],
      ['calls', count(calls)],
      ['loads', count(this.#loads)],
      ['unloads', byReason(this.#unloads)],
      ['crashes', count(this.#crashes)],
      ['peak usage', `${bytes(usage)}, ${((100 * usage) / limit).toFixed(1)}% of the limit of ${bytes(limit)}`],
      ['missed', `${count(this.#missed)} updates, by strategies that were not loaded`],
      ['errors', byReason(this.#errors)],
    ]
    return lines.map(([label, text]) => `${label.padEnd(12)}${text}\n`).join('')
  }
}

/** 12 (pressure 9, admission 3) */
function byReason(counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0)
  const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([key, each]) => `${key} ${count(each)}`)
  return parts.length === 0 ? '0' : `${count(total)} (${parts.join(', ')})`
}
