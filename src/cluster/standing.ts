import type { Registry } from '../component/registry.ts'
import type { PressureLevel } from '../contract/pressure-level.ts'
import { isAtLeast } from '../memory/decide/pressure.ts'
import type { Announcement, Offer } from './announcement.ts'
import { mostLoaded } from './announcement.ts'
import type { Claims } from './claims/claims.ts'
import type { ServiceNews } from './service-protocol.ts'
import { nameOf } from './serving/keys.ts'
import type { Offered, Offers } from './serving/offers.ts'

/** What is read of this program. */
interface MeasuredProgram {
  readonly isShutdown: boolean
  readonly memory: {
    /** bytes. */
    readonly usage: number
    readonly limit: number
    readonly pressureLevel: PressureLevel
    readonly options: { readonly highThreshold: number }
  }
}

export interface StandingOptions {
  readonly host: string
  readonly coordinator: MeasuredProgram
  readonly registry: Pick<Registry, 'has' | 'get'>
  readonly offers: Offers
  readonly claims: Pick<Claims, 'list'>
}

/** How this host stands: what it tells the others, and whether it takes anything new. */
export class Standing {
  readonly #options: StandingOptions
  /** It is about to go. */
  isLeaving = false

  constructor(options: StandingOptions) {
    this.#options = options
  }

  /** Why nothing new is begun here; undefined: it is. */
  get closedBecause(): string | undefined {
    const { coordinator, host } = this.#options
    const gone = this.goneBecause
    if (gone !== undefined) return gone
    const { pressureLevel } = coordinator.memory
    if (!isAtLeast(pressureLevel, 'high')) return undefined
    return `host "${host}" takes nothing new, as its memory pressure is ${pressureLevel}`
  }

  /** Why nothing is begun here at all; undefined: it is. */
  get goneBecause(): string | undefined {
    const { coordinator, host } = this.#options
    if (this.isLeaving) return `host "${host}" is leaving the cluster`
    return coordinator.isShutdown ? `host "${host}" is shutting down` : undefined
  }

  /** bytes until pressure is high. */
  get room(): number {
    const { usage, limit, options } = this.#options.coordinator.memory
    return Math.max(0, Math.round(limit * options.highThreshold - usage))
  }

  get told(): Pick<Announcement, 'level' | 'room' | 'offers' | 'loaded' | 'leaving'> {
    const { coordinator, offers, claims } = this.#options
    const keys = claims.list().map(({ family, key }) => ({ family, name: nameOf(family, key) }))
    const owned = keys.filter(({ name }) => this.#isLoaded(name))
    const components = offers.list.filter(({ name, kind }) => kind === 'component' && this.#isLoaded(name))
    return {
      level: coordinator.memory.pressureLevel,
      room: this.room,
      offers: offers.list.map((each) => this.#offer(each, owned)),
      loaded: [...components, ...owned].map(({ name }) => name).slice(0, mostLoaded),
      leaving: this.goneBecause !== undefined,
    }
  }

  /** As NATS's own tools are told. */
  get service(): ServiceNews {
    const { coordinator, offers, host } = this.#options
    const metadata = { host, level: coordinator.memory.pressureLevel, room: String(this.room) }
    const endpoints = offers.list.map(({ name, kind, counts: { calls, errors, lastError, time } }) => ({
      name,
      kind,
      calls,
      errors,
      lastError,
      time,
    }))
    return { metadata, endpoints }
  }

  #offer({ name, kind, counts }: Offered, owned: readonly { readonly family: string }[]): Offer {
    if (kind === 'family') {
      return { name, kind, loaded: owned.filter(({ family }) => family === name).length, inFlight: counts.inFlight }
    }
    // Calls that were made here count as well.
    const { waiting = 0, underWay = 0 } = this.#component(name)?.main.caller ?? {}
    return { name, kind, loaded: this.#isLoaded(name) ? 1 : 0, inFlight: waiting + underWay }
  }

  #isLoaded(name: string): boolean {
    return this.#component(name)?.isLoaded ?? false
  }

  #component(name: string) {
    const { registry } = this.#options
    return registry.has(name) ? registry.get(name) : undefined
  }
}
