import type { ClusterView } from '../contract/cluster.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { clusterOf } from './joined-cluster.ts'
import { OtherHosts, viewOf } from './other-hosts.ts'
import type { OtherComponent } from './other-hosts.ts'
import type { ClusterShown, ComponentView, HostShown } from './schemas.ts'
import { Told } from './told.ts'

/** Components of other hosts that are shown; the rest is counted. */
const mostComponents = 2_000
/** Names of what a host has loaded. */
const mostLoaded = 5
/** Moves that are shown, the last ones. */
const mostMoves = 30
/** ms within which a host was seen "just now": each tells of itself once a second, and what is as usual is not sent again each time. */
const justNow = 3_000
/** Pieces that are described in one turn of the event loop. */
const atOnce = 20

/** What is shown of the cluster that a coordinator has joined, while it has. */
export class ClusterWatch {
  readonly #coordinator: object
  readonly #others: OtherHosts
  readonly #hosts = new Told()
  readonly #components = new Told()
  #moves = ''
  #told = false

  /** @param now ms of a monotonic clock. */
  constructor(coordinator: object, now: () => number = monotonicNow) {
    this.#coordinator = coordinator
    this.#others = new OtherHosts(now)
  }

  get joined(): ClusterView | undefined {
    return clusterOf(this.#coordinator)
  }

  /** Somebody looks on: the other hosts are asked for their components. */
  ask(): void {
    const cluster = this.joined
    if (!cluster) return
    const names = cluster.hosts().map(({ name }) => name)
    this.#others.ask(
      cluster,
      names.filter((name) => name !== cluster.name),
    )
  }

  snapshot(): ClusterShown | undefined {
    const cluster = this.joined
    if (!cluster) return undefined
    const shown = this.#shown(cluster)
    for (const { name } of shown.hosts) this.#hosts.shown(name)
    for (const component of shown.components) this.#components.shown(keyOf(component))
    this.#told = true
    return shown
  }

  /**
   * What changed since the last call, as JSON; `null` once the cluster was left; undefined where there is none.
   *
   * @param pause awaited after every few pieces.
   */
  async tick(pause: () => Promise<unknown>): Promise<string | undefined> {
    const cluster = this.joined
    if (!cluster) {
      const wasTold = this.#told
      this.#forget()
      return wasTold ? 'null' : undefined
    }
    this.#told = true
    const { hosts, moves, components, ...rest } = this.#shown(cluster)
    const hostTexts = await changedOf(this.#hosts, hosts, ({ name }) => name, pause)
    const componentTexts = await changedOf(this.#components, components, keyOf, pause)
    const gone = this.#hosts.gone(new Set(hosts.map(({ name }) => name)))
    const goneComponents = this.#components.gone(new Set(components.map(keyOf)))
    const movesText = JSON.stringify(moves)
    const newMoves = movesText !== this.#moves
    this.#moves = movesText
    const plain = JSON.stringify({ ...rest, gone, goneComponents })
    return `{"hosts":[${hostTexts.join(',')}],"components":[${componentTexts.join(',')}],${newMoves ? `"moves":${movesText},` : ''}${plain.slice(1)}`
  }

  /**
   * What another host says of its components now.
   *
   * @throws NoHostError when it does not answer.
   */
  async componentsOf(cluster: ClusterView, host: string): Promise<OtherComponent[]> {
    const infos = await cluster.componentsOf(host)
    return infos.slice(0, mostComponents).map((info) => viewOf(info, host))
  }

  #forget(): void {
    const nothing = new Set<string>()
    this.#hosts.gone(nothing)
    this.#components.gone(nothing)
    this.#moves = ''
    this.#told = false
  }

  #shown(cluster: ClusterView): ClusterShown {
    const components: OtherComponent[] = []
    let hidden = 0
    const hosts = cluster.hosts().map(({ name, level, room, loaded, lastSeen }): HostShown => {
      const self = name === cluster.name
      const { answering, components: its } = self ? itself : this.#others.of(name)
      const fitting = its.slice(0, mostComponents - components.length)
      components.push(...fitting)
      hidden += its.length - fitting.length
      return {
        name,
        self,
        level,
        room: Number(room.toPrecision(3)),
        loaded: loaded.slice(0, mostLoaded),
        moreLoaded: Math.max(0, loaded.length - mostLoaded),
        lastSeen: self || Date.now() - lastSeen < justNow ? null : lastSeen,
        answering,
      }
    })
    const moves = cluster
      .moves()
      .slice(-mostMoves)
      .map(({ from = null, to = null, ...move }) => ({ ...move, from, to }))
    return { name: cluster.name, hosts, moves, components, hidden }
  }
}

const itself = { answering: 'current', components: [] } as const

/** As the page has it: a host is one token. */
const keyOf = ({ host, name }: Pick<ComponentView, 'host' | 'name'>): string => `${host}\t${name}`

async function changedOf<T extends object>(
  told: Told,
  pieces: readonly T[],
  key: (piece: T) => string,
  pause: () => Promise<unknown>,
): Promise<string[]> {
  const changed: string[] = []
  for (const [at, piece] of pieces.entries()) {
    if (at % atOnce === atOnce - 1) await pause()
    const text = told.changed(key(piece), piece)
    if (text !== undefined) changed.push(text)
  }
  return changed
}
