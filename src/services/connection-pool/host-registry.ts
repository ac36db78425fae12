import type { BackoffPolicy } from '../timing/backoff.ts'
import { healthy, nextHostHealth } from './host-health.ts'
import type { HostEvent, HostHealth } from './host-health.ts'

interface Entry {
  readonly health: HostHealth
  /** What it failed with last. */
  readonly error: unknown
}

/** The hosts that are not known to be healthy. */
export class HostRegistry {
  readonly #policy: BackoffPolicy
  readonly #entries = new Map<string, Entry>()

  constructor(policy: BackoffPolicy) {
    this.#policy = policy
  }

  health(host: string): HostHealth {
    return this.#entries.get(host)?.health ?? healthy
  }

  lastError(host: string): unknown {
    return this.#entries.get(host)?.error
  }

  hosts(): IterableIterator<string> {
    return this.#entries.keys()
  }

  apply(host: string, event: HostEvent, error?: unknown): void {
    const health = nextHostHealth(this.health(host), event, this.#policy)
    if (health.kind === 'healthy') this.#entries.delete(host)
    else this.#entries.set(host, { health, error: error ?? this.lastError(host) })
  }

  /** Forgets hosts that nobody has tried for a long time. @param now ms since the epoch */
  forgetOld(now: number): void {
    for (const [host, { health }] of this.#entries) {
      if (health.kind === 'backing-off' && now - health.until > this.#policy.max) this.#entries.delete(host)
    }
  }
}
