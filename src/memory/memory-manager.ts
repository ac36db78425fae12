import type { ComponentMemory } from '../component/component-info.ts'
import type { PressureLevel } from '../component/define.ts'
import type { Registry } from '../component/registry.ts'
import type { Supervisor } from '../component/supervisor.ts'
import type { Admission } from '../component/surroundings.ts'
import type { UnloadReport } from '../component/unload.ts'
import type { SpareWorkers } from '../host/spare-workers.ts'
import type { Logger } from '../observability/logger.ts'
import type { MemoryOptions } from './memory-options.ts'
import type { Reclaimer } from './reclaimer.ts'
import { measureWorker, totalOf } from './worker-memory.ts'

export type Ledger = { time: number }
export type PressureEvent = { level: PressureLevel }
export type ExhaustedEvent = { level: PressureLevel }

// Provisional.
export class MemoryManager implements Admission, Disposable {
  readonly #memory = new Map<string, ComponentMemory>()
  readonly #registry: Registry
  readonly #reclaimer: Reclaimer
  constructor(o: {
    options: MemoryOptions
    registry: Registry
    spares: SpareWorkers
    reclaimer: Reclaimer
    logger: Logger
    now: () => number
    emit: { sample(l: Ledger): void; pressure(e: PressureEvent): void; exhausted(e: ExhaustedEvent): void }
  }) {
    this.#registry = o.registry
    this.#reclaimer = o.reclaimer
  }
  get pressureLevel(): PressureLevel {
    return 'low'
  }
  async admit(): Promise<Disposable> {
    return { [Symbol.dispose]: () => {} }
  }
  async measure(supervisor: Supervisor): Promise<number> {
    const { generation, name } = supervisor
    const worker = generation?.host.worker
    if (!worker || !generation) return 0
    const m = await measureWorker(worker, 200)
    if (!m) return this.#memory.get(name)?.total ?? 0
    const reported = generation.activity.reported
    const total = totalOf(m, reported)
    const { used, physical, external, malloced } = m
    this.#memory.set(name, {
      used,
      physical,
      external,
      malloced,
      reported,
      total,
      peak: total,
      stale: false,
      sampledAt: Date.now(),
    })
    return total
  }
  memoryOf(name: string): ComponentMemory | null {
    return this.#memory.get(name) ?? null
  }
  loaded(name: string): void {
    void this.measure(this.#registry.get(name))
  }
  unloaded(r: UnloadReport): void {
    this.#memory.delete(r.name)
    this.#reclaimer.retained(r.retained)
  }
  crashed(name: string): void {
    this.#memory.delete(name)
  }
  forget(name: string): void {
    this.#memory.delete(name)
  }
  stop(): void {}
  [Symbol.dispose](): void {}
}
