import type { ComponentInfo } from './component-info.ts'
import type { PressureLevel } from './pressure-level.ts'

/** A host of the cluster, as it told last. */
export interface ClusterHost {
  readonly name: string
  readonly level: PressureLevel
  /** bytes that it can still take before its pressure is high. */
  readonly room: number
  /** Names of what it offers and has loaded, instances of families as `family:key`; the first 200 of them. */
  readonly loaded: readonly string[]
  /** Names of the components and families that it offers. */
  readonly offers: readonly string[]
  /** ms since the epoch. */
  readonly lastSeen: number
}

/**
 * placed: a key was claimed that nobody had; taken-over: whose owner was gone; handed-over: by an owner that gave it away, snapshot included where there
 * is one; given-back: nobody has it any more; lost: the claim was over before it could be renewed.
 */
export type MoveKind = 'placed' | 'taken-over' | 'handed-over' | 'given-back' | 'lost'

/** A key of a family changed its owner. */
export interface ClusterMove {
  readonly kind: MoveKind
  /** ms since the epoch. */
  readonly time: number
  readonly family: string
  readonly key: string
  /** Host that had it. */
  readonly from: string | undefined
  /** Host that has it now. */
  readonly to: string | undefined
  /** A sentence. */
  readonly why: string
}

/** What is shown of a cluster by who watches a program that has joined one. */
export interface ClusterView {
  /** Of this host. */
  readonly name: string
  /** All that were heard of lately, this one included, by name. */
  hosts(): ClusterHost[]
  /** The last ones that this host heard of, oldest first; at most 200. */
  moves(): readonly ClusterMove[]
  /** Keys of families that this host owns now. */
  keys?(): number
  /** Of moves that this host heard of since it joined, by kind. */
  moveCounts?(): Readonly<Record<MoveKind, number>>
  /** Hands over what this host has, and goes. Idempotent. */
  leave?(): Promise<void>
  /**
   * What another host offers, in figures: asked of it over the network.
   *
   * @throws NoHostError when it does not answer within a second.
   */
  componentsOf(host: string): Promise<readonly ComponentInfo[]>
}
