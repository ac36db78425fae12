import { monotonicNow, wallTime } from '../base/monotonic.ts'
import type { ClusterMove } from '../contract/cluster.ts'

/** Moves that are kept. Contract: `ClusterView.moves`. */
const mostMoves = 200

/** What has become of keys, as far as this host has heard. */
export class Moves {
  readonly #moves: ClusterMove[] = []
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
    if (this.#moves.length > mostMoves) this.#moves.shift()
    this.#onMove(move)
  }
}
