import type { Worker } from 'node:worker_threads'
import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { SpareWorkers } from '../../host/spare-workers.ts'
import type { WorkerHost } from '../../host/worker-host.ts'
import type { ExtraWorker } from '../../contract/ledger.ts'
import type { MeasuredWorker } from '../measure/measurement.ts'
import { totalOf } from '../measure/worker-memory.ts'

/** Workers that are no component's current one and hold memory all the same: spares, and those whose generation is over before they are gone. */
export class ExtraWorkers {
  readonly #spares: SpareWorkers
  readonly #ending = new Map<WorkerHost, { readonly supervisor: Supervisor; readonly generation: number }>()
  readonly #totals = new WeakMap<Worker, number>()

  constructor(spares: SpareWorkers) {
    this.#spares = spares
  }

  /** The generation is over, but its thread is not gone: it holds what it held, `total` bytes. */
  ended(supervisor: Supervisor, { host, number }: Generation, total: number, onGone: (bytes: number) => void): void {
    this.#totals.set(host.worker, total)
    this.#ending.set(host, { supervisor, generation: number })
    host.onExit(() => {
      this.#ending.delete(host)
      onGone(this.#totals.get(host.worker) ?? 0)
    })
  }

  /** Bytes of all. */
  get total(): number {
    let sum = 0
    for (const { worker } of this.#hosts()) sum += this.#totals.get(worker) ?? 0
    return sum
  }

  /** Bytes of those that will be gone in a moment. */
  get ending(): number {
    let sum = 0
    for (const [host, { supervisor }] of this.#ending) {
      if (!supervisor.zombies.has(host)) sum += this.#totals.get(host.worker) ?? 0
    }
    return sum
  }

  list(): ExtraWorker[] {
    const held = ({ worker }: WorkerHost): number => this.#totals.get(worker) ?? 0
    const spares = this.#spares.hosts.map((host, index) => ({
      name: `spare worker ${index + 1}`,
      kind: 'spare' as const,
      total: held(host),
    }))
    const ending = [...this.#ending].map(([host, { supervisor, generation }]) => ({
      name: `${supervisor.name} (generation ${generation})`,
      kind: supervisor.zombies.has(host) ? ('zombie' as const) : ('ending' as const),
      total: held(host),
    }))
    return [...spares, ...ending]
  }

  *targets(): Iterable<MeasuredWorker> {
    for (const { worker } of this.#hosts()) {
      yield {
        worker,
        answered: (memory) => this.#totals.set(worker, totalOf(memory)),
        late: () => {},
        unchanged: () => {},
      }
    }
  }

  *#hosts(): Iterable<WorkerHost> {
    yield* this.#spares.hosts
    yield* this.#ending.keys()
  }
}
