import { EventEmitter } from 'node:events'
import type { ClusterHost, ClusterMove, ClusterView, MoveKind } from '../contract/cluster.ts'
import type { ComponentInfo } from '../contract/component-info.ts'
import { NoHostError } from '../contract/errors.ts'
import type { Remote } from '../contract/remote.ts'
import { expectName, expectStrings } from '../base/option-checks.ts'
import { wallTime } from '../base/monotonic.ts'
import { ComponentRoute } from './calling/component-route.ts'
import { KeyRoute } from './calling/key-route.ts'
import { leftError } from './calling/routes.ts'
import type { Routes } from './calling/routes.ts'
import type { ChangeType, KnownHost } from './directory.ts'
import type { Member } from './member.ts'
import { placeComponent } from './placement.ts'

/** A family of the cluster: one owner for each key. */
export interface ClusterFamily<T> {
  readonly name: string
  /**
   * The instance of that key, on whichever host owns it; loads and claims nothing before its first call.
   *
   * @throws InvalidOptionsError for a key that is empty, over 200 characters, ill-formed or has a control character in it.
   */
  get(key: string): Remote<T>
}

/** What a cluster tells. */
export interface ClusterEvents {
  /** A key changed its owner. */
  move: [ClusterMove]
  /** A host joined, left, fell silent, came back, or tells something else than before; `why` is a sentence's end. */
  host: [
    {
      readonly type: ChangeType
      readonly name: string
      readonly why: string
    },
  ]
}

/** This program's part in a cluster: what it offers to the others, and what it calls of them. Made by `joinCluster`. */
export class Cluster extends EventEmitter<ClusterEvents> implements AsyncDisposable, ClusterView {
  /** Of this host. */
  readonly name: string
  readonly #member: Member
  readonly #routes: Routes
  readonly #end: () => Promise<void>
  #leaving: Promise<void> | undefined

  /** @internal */
  constructor(member: Member, routes: Routes, end: () => Promise<void>) {
    super()
    this.name = member.self.name
    this.#member = member
    this.#routes = routes
    this.#end = end
  }

  /** @internal Who is there has changed. */
  look(): void {
    this.#routes.look()
  }

  /**
   * Other hosts can reach these components and families of this coordinator from now on, by the same allow-list as callers here. Resolves when that is
   * announced.
   *
   * @throws ComponentNotFoundError when nothing of that name is registered; then nothing is offered. CoordinatorShutdownError once this host has left.
   */
  async offer(names: readonly string[]): Promise<void> {
    this.#expectJoined()
    await this.#member.offer(expectStrings('names', names, expectName))
  }

  /**
   * The proxy of a component that hosts of the cluster offer, this one perhaps among them. Each call goes to a host that has it loaded, the one with the
   * fewest calls in flight; where none has, to the one with most room. Calls reject with NoHostError when nobody takes it.
   */
  component<T = unknown>(name: string): Remote<T> {
    return this.#routes.get(expectName('name', name), () => new ComponentRoute(name, this.#routes.home)) as Remote<T>
  }

  family<T = unknown>(name: string): ClusterFamily<T> {
    const family = expectName('name', name)
    const get = (key: string): Remote<T> => {
      expectName('key', key)
      return this.#routes.get(`${family}\0${key}`, () => new KeyRoute(family, key, this.#routes.home)) as Remote<T>
    }
    return { name: family, get }
  }

  hosts(): ClusterHost[] {
    return this.#leaving ? [] : this.#member.hosts().map(shown)
  }

  moves(): readonly ClusterMove[] {
    return [...this.#member.moves.list]
  }

  /** How many keys this host owns. */
  keys(): number {
    return this.#member.keys
  }

  moveCounts(): Readonly<Record<MoveKind, number>> {
    return this.#member.moves.counts
  }

  /**
   * The name of the host that has a component loaded (of several, the one that the next call would go to), or that owns the key of a family. Undefined: none
   * does. Loads nothing.
   *
   * @throws NoHostError when the bucket of claims does not answer.
   */
  async where(name: string, key?: string): Promise<string | undefined> {
    this.#expectJoined()
    if (key !== undefined) return this.#member.ownerOf(expectName('name', name), expectName('key', key))
    const placed = placeComponent(this.#member.hosts(), expectName('name', name), () => 0)
    return 'use' in placed ? placed.use.find((host) => (host.offer(name)?.loaded ?? 0) > 0)?.id.name : undefined
  }

  async componentsOf(host: string): Promise<readonly ComponentInfo[]> {
    const known = this.#member.hosts().find(({ id }) => id.name === host)
    if (!known) throw new NoHostError(host, 'no such host is known')
    return this.#member.componentsOf(known.id)
  }

  /** Hands over what it has, and goes: nothing new is taken, calls under way are given time, keys go to other hosts with their state. Idempotent. */
  async leave(): Promise<void> {
    this.#leaving ??= this.#leave()
    await this.#leaving
  }

  async #leave(): Promise<void> {
    this.#routes.stop()
    try {
      await this.#member.leave()
    } finally {
      this.#routes.end()
      await this.#end()
    }
  }

  #expectJoined(): void {
    if (this.#leaving) throw leftError()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }
}

function shown({ id, level, room, loaded, offers, lastHeard }: KnownHost): ClusterHost {
  return { name: id.name, level, room, loaded, offers: offers.map(({ name }) => name), lastSeen: wallTime(lastHeard) }
}
