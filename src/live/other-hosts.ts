import type { ClusterView } from '../contract/cluster.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { rounded, withoutTime } from './component-views.ts'
import type { ComponentView } from './schemas.ts'

/** A component of another host. */
export type OtherComponent = ComponentView & { readonly host: string; readonly stale: boolean }

/** What is known of a host's components: not asked yet; as it answered last; as it answered before it stopped; nothing, for it does not answer. */
export type Answering = 'unknown' | 'current' | 'stale' | 'silent'

/** ms between two questions to a host. */
const interval = 1_000
/** Hosts that are asked at a time: of a thousand each has its turn twice a minute or so. Guessed: answers of a few hundred components are some 100 KiB. */
const atOnce = 32
/** ms after which a question is given up; its answer is promised within a second. Guessed. */
const patience = 5_000
/** ms for which what a host said last is shown after it has stopped answering. Guessed: longer than a restart of its server, and than a pause. */
const staleFor = 10_000

/** Components that are kept of a host. */
const mostComponents = 2_000

interface Known {
  askedAt: number
  question: Promise<void> | undefined
  answeredAt: number
  components: readonly OtherComponent[]
  /** The same as they are shown once it does not answer any more. */
  stale: readonly OtherComponent[] | undefined
  fails: boolean
}

/** What other hosts of a cluster say of their components: each is asked once a second at most, and only when somebody wants to know. */
export class OtherHosts {
  readonly #now: () => number
  readonly #hosts = new Map<string, Known>()
  #cluster: ClusterView | undefined

  /** @param now ms of a monotonic clock. */
  constructor(now: () => number = monotonicNow) {
    this.#now = now
  }

  /** Begins to ask those that were not asked for a second, those first that were not for longest. Others than `names` are forgotten. */
  ask(cluster: ClusterView, names: readonly string[]): void {
    if (cluster !== this.#cluster) this.#hosts.clear()
    this.#cluster = cluster
    const there = new Set(names)
    for (const name of this.#hosts.keys()) if (!there.has(name)) this.#hosts.delete(name)
    let free = atOnce
    for (const known of this.#hosts.values()) if (this.#isAsked(known)) free--
    const due = names
      .map((name) => ({ name, askedAt: this.#hosts.get(name)?.askedAt ?? Number.NEGATIVE_INFINITY }))
      .filter(({ name, askedAt }) => this.#now() - askedAt >= interval && !this.#isAsked(this.#hosts.get(name)))
      .toSorted((a, b) => a.askedAt - b.askedAt)
    for (const { name } of due.slice(0, Math.max(0, free))) void this.#ask(cluster, name)
  }

  of(name: string): { readonly answering: Answering; readonly components: readonly OtherComponent[] } {
    const known = this.#hosts.get(name)
    if (!known) return { answering: 'unknown', components: [] }
    const { components, answeredAt, askedAt } = known
    const fails = known.fails || (known.question !== undefined && this.#now() - askedAt >= patience)
    if (!fails) return { answering: answeredAt === Number.NEGATIVE_INFINITY ? 'unknown' : 'current', components }
    if (this.#now() - answeredAt >= staleFor) return { answering: 'silent', components: [] }
    known.stale ??= components.map((each) => ({
      ...each,
      stale: true,
      memory: each.memory && { ...each.memory, stale: true },
    }))
    return { answering: 'stale', components: known.stale }
  }

  #isAsked(known: Known | undefined): boolean {
    return known?.question !== undefined && this.#now() - known.askedAt < patience
  }

  async #ask(cluster: ClusterView, name: string): Promise<void> {
    const known: Known = this.#hosts.get(name) ?? {
      askedAt: 0,
      question: undefined,
      answeredAt: Number.NEGATIVE_INFINITY,
      components: [],
      stale: undefined,
      fails: false,
    }
    this.#hosts.set(name, known)
    known.askedAt = this.#now()
    const answer = cluster.componentsOf(name)
    const question = answer.then(
      (infos) => {
        if (known.question !== question) return
        const now = this.#now()
        const before = new Map(known.components.map((each) => [each.name, each]))
        const passed = now - known.answeredAt
        known.components = infos
          .slice(0, mostComponents)
          .map((info) => viewOf(info, name, before.get(info.name), passed))
        known.answeredAt = now
        known.stale = undefined
        known.fails = false
        known.question = undefined
      },
      () => {
        if (known.question !== question) return
        known.fails = true
        known.question = undefined
      },
    )
    known.question = question
    return question
  }
}

/**
 * As far as its host tells: what only shows over time is known there alone, but for the calls.
 *
 * @param before as it was, @param passed ms ago.
 */
export function viewOf(
  { idleTime: _idleTime, ...info }: ComponentInfo,
  host: string,
  before?: OtherComponent,
  passed = 0,
): OtherComponent {
  const calls = before ? Math.max(0, info.calls - before.calls) : 0
  return {
    ...info,
    host,
    stale: false,
    memory: info.memory && withoutTime(info.memory),
    callRate: calls === 0 ? 0 : rounded((calls / passed) * 1_000),
    growth: 0,
    errorShare: null,
    p50: null,
    p99: null,
    load: null,
    next: { verdict: 'not-loaded' },
    instances: info.instances.map(({ idleTime: _time, ...copy }) => ({
      ...copy,
      memory: copy.memory && withoutTime(copy.memory),
      next: { verdict: 'not-loaded' },
    })),
  }
}
