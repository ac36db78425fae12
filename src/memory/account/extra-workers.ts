import type { Supervisor } from '../../component/supervisor.ts'
import type { Generation } from '../../host/generation.ts'
import type { ComponentHost } from '../../host/component-host.ts'
import type { Spares } from '../../host/spares.ts'
import type { ExtraWorker } from '../../contract/ledger.ts'
import type { MeasuredTarget } from '../measure/measurement.ts'
import { totalOf } from '../measure/worker-memory.ts'

/** Workers that are no component's current one and hold memory all the same: spares, and those whose generation is over before they are gone. */
export class ExtraWorkers {
  readonly #spares: Spares
  readonly #ending = new Map<ComponentHost, { readonly supervisor: Supervisor; readonly generation: number }>()
  readonly #totals = new WeakMap<ComponentHost, number>()

  constructor(spares: Spares) {
    this.#spares = spares
  }

  /** The generation is over, but its thread is not gone: it holds what it held, `total` bytes. */
  ended(supervisor: Supervisor, { host, number }: Generation, total: number, onGone: (bytes: number) => void): void {
    this.#totals.set(host, total)
    this.#ending.set(host, { supervisor, generation: number })
    host.onExit(() => {
      this.#ending.delete(host)
      onGone(this.#totals.get(host) ?? 0)
    })
  }

  /** Bytes of all. */
  get total(): number {
    let sum = 0
    for (const host of this.#hosts()) sum += this.#totals.get(host) ?? 0
    return sum
  }

  /** Bytes of those that are processes. */
  get elsewhere(): number {
    let sum = 0
    for (const host of this.#hosts()) if (host.isolation === 'process') sum += this.#totals.get(host) ?? 0
    return sum
  }

  /** Bytes of those that will be gone in a moment. */
  get ending(): number {
    let sum = 0
    for (const [host, { supervisor }] of this.#ending) {
      if (!supervisor.zombies.has(host)) sum += this.#totals.get(host) ?? 0
    }
    return sum
  }

  list(): ExtraWorker[] {
    const held = (host: ComponentHost): number => this.#totals.get(host) ?? 0
    const spares = this.#spares.hosts.map((host, index) => ({
      name: `spare ${host.isolation === 'process' ? 'process' : 'worker'} ${index + 1}`,
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

  *targets(): Iterable<MeasuredTarget> {
    for (const host of this.#hosts()) {
      yield {
        worker: host,
        room: Number.POSITIVE_INFINITY,
        told: () => {},
        answered: (memory) => this.#totals.set(host, totalOf(memory)),
        late: () => {},
        unchanged: () => {},
      }
    }
  }

  *#hosts(): Iterable<ComponentHost> {
    yield* this.#spares.hosts
    yield* this.#ending.keys()
  }
}
