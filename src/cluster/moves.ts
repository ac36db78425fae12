import { monotonicNow, wallTime } from '../base/monotonic.ts'
import type { ClusterMove, MoveKind } from '../contract/cluster.ts'

/** Moves that are kept. Contract: `ClusterView.moves`. */
const mostMoves = 200

/** What has become of keys, as far as this host has heard. */
export class Moves {
  readonly #moves: ClusterMove[] = []
  readonly #counts = { placed: 0, 'taken-over': 0, 'handed-over': 0, 'given-back': 0, lost: 0 }
  readonly #publish: (move: ClusterMove) => void
  readonly #onMove: (move: ClusterMove) => void

  /**
   * @param publish tells the other hosts.
   * @param onMove told of each, whoever made it.
   */
  constructor(publish: (move: ClusterMove) => void, onMove: (move: ClusterMove) => void) {
    this.#publish = publish
    this.#onMove = onMove
  }

  get list(): readonly ClusterMove[] {
    return this.#moves
  }

  /** How many there have been of each kind. */
  get counts(): Readonly<Record<MoveKind, number>> {
    return this.#counts
  }

  /** What concerns nobody else: there may be thousands. */
  note(move: Omit<ClusterMove, 'time'>): ClusterMove {
    const told = { ...move, time: wallTime(monotonicNow()) }
    this.heard(told)
    return told
  }

  /** What all hosts are to hear of. */
  tell(move: Omit<ClusterMove, 'time'>): void {
    this.#publish(this.note(move))
  }

  heard(move: ClusterMove): void {
    this.#moves.push(move)
    this.#counts[move.kind]++
    if (this.#moves.length > mostMoves) this.#moves.shift()
    this.#onMove(move)
  }
}
