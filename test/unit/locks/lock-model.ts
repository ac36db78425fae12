import { ok, strictEqual } from 'node:assert/strict'
import { LockTable, type LockEffect } from '../../../src/locks/lock-table.ts'
import type { LockMode } from '../../../src/contract/locks.ts'

export const modelNames = ['a', 'b', 'c'] as const
export const modelOwners = ['x', 'y'] as const

export type ModelCommand =
  | { type: 'request'; name: string; mode: LockMode; session: string | undefined; owner: string; serves: number }
  | { type: 'call'; session: string; owner: string; serves: number }
  | { type: 'answer'; pick: number }
  | { type: 'release'; pick: number }
  | { type: 'cancel'; pick: number }
  | { type: 'force-release'; name: string }
  | { type: 'release-owner'; owner: string }

interface Entry {
  id: number
  name: string
  mode: LockMode
  owner: string
  party: string
  token: number
  /** The call it is asked for. */
  serves: string | undefined
}

interface Call {
  id: string
  owner: string
  party: string
  serves: string | undefined
}

/** Runs a table and a list of who holds and who waits side by side, and throws where the table breaks a promise. */
export class LockModel {
  readonly #table = new LockTable()
  readonly #seen: Record<LockEffect['type'], number>
  #held: Entry[] = []
  #queue: Entry[] = []
  #calls: Call[] = []
  #lastCall = 0
  #lastId = 0
  #lastToken = 0

  constructor(seen: Record<LockEffect['type'], number>) {
    this.#seen = seen
  }

  run(command: ModelCommand): void {
    switch (command.type) {
      case 'request':
        this.#request(command)
        break
      case 'release': {
        // The model is of sessions that keep their promise: one that waits releases nothing.
        const busy = new Set([...this.#queue, ...this.#calls].map(({ party }) => party))
        const free = this.#held.filter((entry) => !busy.has(entry.party))
        const entry = free[command.pick % Math.max(1, free.length)]
        if (entry !== undefined) this.#release(entry)
        break
      }
      case 'cancel': {
        const entry = this.#queue[command.pick % Math.max(1, this.#queue.length)]
        if (entry === undefined) break
        this.#queue = this.#queue.filter((other) => other !== entry)
        this.#take(this.#table.apply({ type: 'cancel', id: entry.id }, 0))
        break
      }
      case 'call':
        this.#call(command)
        break
      case 'answer': {
        const call = this.#calls[command.pick % Math.max(1, this.#calls.length)]
        if (call === undefined) break
        this.#calls = this.#calls.filter((other) => other !== call)
        this.#take(this.#table.apply({ type: 'call-over', id: call.id }, 0))
        break
      }
      case 'force-release':
        this.#take(this.#table.apply(command, 0))
        break
      case 'release-owner':
        this.#take(this.#table.apply(command, 0))
        this.#calls = this.#calls.filter(({ owner }) => owner !== command.owner)
        ok(![...this.#held, ...this.#queue].some((entry) => entry.owner === command.owner), 'the owner is gone')
        break
    }
    this.#check()
  }

  /** Everyone who holds something gives it back, until nobody waits. */
  drain(): void {
    for (const { id } of this.#calls.splice(0)) this.#take(this.#table.apply({ type: 'call-over', id }, 0))
    while (this.#held.length > 0) for (const entry of this.#held) this.#release(entry)
    strictEqual(this.#queue.length, 0, 'nobody waits for locks that nobody holds')
    strictEqual(this.#table.list().length, 0, 'a lock nobody uses is forgotten')
  }

  /** A call that is under way, or the next one that will be: what is done for it may be heard of first. Or none. */
  #served(pick: number, withNext: boolean): string | undefined {
    const ids = [...this.#calls.map(({ id }) => id), ...(withNext ? [`c${this.#lastCall + 1}`] : [])]
    return ids[pick % (ids.length * 2 + 1)]
  }

  #call({ session, owner, serves: pick }: ModelCommand & { type: 'call' }): void {
    const party = `${owner} ${session}`
    // The model is of sessions that do one thing after the other.
    if ([...this.#queue, ...this.#calls].some((entry) => entry.party === party)) return
    const serves = this.#served(pick, false)
    this.#lastCall += 1
    const id = `c${this.#lastCall}`
    this.#calls.push({ id, owner, party, serves })
    this.#take(this.#table.apply({ type: 'call', id, target: 'd', queued: false, owner, session, serves }, 0))
    this.#take(this.#table.apply({ type: 'check' }, 0))
  }

  #request({ name, mode, session, owner, serves: pick }: ModelCommand & { type: 'request' }): void {
    const party = session === undefined ? `anonymous ${this.#lastId + 1}` : `${owner} ${session}`
    if ([...this.#queue, ...this.#calls].some((entry) => entry.party === party)) return
    this.#lastId += 1
    const serves = this.#served(pick, true)
    const entry = { id: this.#lastId, name, mode, owner, party, token: 0, serves }
    this.#queue.push(entry)
    this.#take(this.#table.apply({ type: 'request', id: entry.id, name, mode, owner, session, serves }, 0))
    this.#take(this.#table.apply({ type: 'check' }, 0))
  }

  #release(entry: Entry): void {
    this.#held = this.#held.filter((other) => other !== entry)
    this.#take(this.#table.apply({ type: 'release', token: entry.token }, 0))
  }

  #take(effects: LockEffect[]): void {
    for (const effect of effects) {
      this.#seen[effect.type] += 1
      switch (effect.type) {
        case 'granted': {
          const entry = this.#queue.find((each) => each.id === effect.id)
          ok(entry, 'granted to one who waits')
          strictEqual(
            this.#queue.find((each) => each.name === entry.name),
            entry,
            'granted in order',
          )
          ok(!this.#held.some((other) => clash(entry, other)), 'granted to one at a time')
          ok(effect.token > this.#lastToken, 'tokens strictly increase')
          this.#lastToken = effect.token
          this.#queue = this.#queue.filter((each) => each !== entry)
          this.#held.push({ ...entry, token: effect.token })
          break
        }
        case 'deadlock': {
          const refused = this.#queue.find((each) => each.id === effect.id)
          ok(refused && this.#stuck().has(refused.party), 'it was a deadlock')
          strictEqual(effect.cycle.at(0), effect.cycle.at(-1))
          const inCycle = this.#queue.filter(({ party }) => effect.cycle.includes(party.replace(' ', '/')))
          ok(!inCycle.some(({ id }) => id > effect.id), 'the youngest waiter is refused')
          this.#queue = this.#queue.filter((each) => each.id !== effect.id)
          break
        }
        case 'dropped':
          this.#queue = this.#queue.filter((each) => each.id !== effect.id)
          break
        case 'revoked':
          this.#held = this.#held.filter((each) => each.token !== effect.token)
          break
      }
    }
  }

  #check(): void {
    strictEqual(this.#table.held, this.#held.length)
    strictEqual(this.#table.waiting, this.#queue.length)
    for (const name of modelNames) {
      const head = this.#queue.find((entry) => entry.name === name)
      ok(!head || this.#held.some((other) => clash(head, other)), 'the first waiter waits for a holder in its way')
    }
    for (const entry of this.#held)
      ok(this.#table.isCurrent(entry.name, entry.token), 'the token of a holder is current')
    strictEqual(this.#stuck().size, 0, 'no deadlock is left standing')
  }

  /**
   * Who can never get on, worked out without a graph: whoever does not wait gets on, and gives back all it holds; whose
   * request then clashes with nobody who is stuck gets on too, and so does one whose calls are served by nobody who is stuck; and so on until
   * nothing changes.
   */
  #stuck(): Set<string> {
    const left = new Set([...this.#queue, ...this.#calls].map(({ party }) => party))
    for (let before = -1; before !== left.size;) {
      before = left.size
      for (const party of new Set(this.#calls.map((call) => call.party))) {
        const own = new Set(this.#calls.flatMap((call) => (call.party === party ? [call.id] : [])))
        const errands = [...this.#queue, ...this.#calls].filter(({ serves }) => serves !== undefined && own.has(serves))
        if (!errands.some((errand) => left.has(errand.party))) left.delete(party)
      }
      for (const [index, entry] of this.#queue.entries()) {
        const ahead = [...this.#held, ...this.#queue.slice(0, index)]
        if (!ahead.some((other) => left.has(other.party) && clash(entry, other))) left.delete(entry.party)
      }
    }
    return left
  }
}

function clash(a: Entry, b: Entry): boolean {
  return a.name === b.name && (a.mode === 'exclusive' || b.mode === 'exclusive')
}
