import type { MemoryOptions } from '../../src/contract/memory-options.ts'
import type { Action } from '../../src/memory/decide/action.ts'
import { fixedReason } from '../../src/memory/decide/policy-selection.ts'
import { bytesToFree } from '../../src/memory/decide/pressure.ts'
import type { AccountSnapshot, MemoryRequest } from '../../src/memory/decide/snapshot.ts'
import type { DecisionState } from '../../src/memory/decide/turn.ts'
import { CLEAR_DWELL, COLLECT_TIME, END_TIME, LONG_USE } from '../../src/memory/tuning.ts'
import type { Scenario } from './scenario.ts'
import { emptyWorker, mib } from './scenario.ts'
import type { SimComponent } from './sim-component.ts'

interface Watched {
  readonly now: number
  readonly scenario: Scenario
  readonly options: MemoryOptions
  readonly components: readonly SimComponent[]
}

/** How long (ms) after a stall of the main thread, or a turn that asks for figures, things may be late. */
const late = 300
/** ms in which nobody goes who was said to stay. */
const soon = 5_000

/** Notes whatever must never happen. */
export class Watch {
  readonly complaints: string[] = []
  /** `hasty`: unloads of who was said to stay, within `soon` of that. */
  readonly figures = { turns: 0, unloads: 0, ends: 0, refusals: 0, exhausted: 0, hasty: 0, collections: 0, peak: 0 }
  readonly #world: Watched
  #fellAt = Number.NEGATIVE_INFINITY
  /** Who was said to stay when nothing could go, and when. */
  readonly #saidToStay = new Map<string, number>()

  constructor(world: Watched) {
    this.#world = world
  }

  /** One decision, before anything is done about it. */
  turn(before: DecisionState, after: DecisionState, account: AccountSnapshot, actions: readonly Action[]): void {
    this.figures.turns++
    this.#limit(account)
    this.#level(before, after, account)
    this.#requests(account, actions)
    let unloads = account.unloading ? 1 : 0
    const ended = new Set(actions.flatMap((action) => (action.kind === 'end' ? [action.name] : [])))
    for (const action of actions) {
      switch (action.kind) {
        case 'unload':
          this.figures.unloads++
          unloads++
          this.#victim(action, account, after, ended)
          this.#hasty(action, account)
          break
        case 'end':
          this.figures.ends++
          this.#ended(action, account)
          break
        case 'refuse':
          this.figures.refusals++
          break
        case 'collect':
          this.figures.collections++
          break
        case 'exhausted':
          this.figures.exhausted++
          this.#exhausted(action, account, ended)
          break
        case 'held-up':
        case 'admit':
        case 'settle':
        case 'trim':
        case 'give-up-spares':
        case 'restore-spares':
          break
      }
    }
    if (unloads > 1) this.#complain('unloads a second one while one is under way')
  }

  /** Everything has had time to come to its end. */
  over(requests: readonly MemoryRequest[]): void {
    const now = this.#world.now
    for (const request of requests) {
      if (request.kind === 'load' && now - request.since < request.timeout) continue
      this.#complain(`still undecided: ${JSON.stringify(request)}`)
    }
  }

  #complain(what: string): void {
    this.complaints.push(`at ${this.#world.now.toFixed(1)} ms: ${what}`)
  }

  /** Accounted memory: within the limit where all do as they say, within 110% whatever they do. */
  #limit({ usage, limit, time }: AccountSnapshot): void {
    this.figures.peak = Math.max(this.figures.peak, usage / limit)
    if (this.#wasStalled(time) || this.#world.components.some((component) => component.isBlocked(time))) return
    const { kind } = this.#world.scenario
    if (kind === 'calm' && usage > limit) this.#complain(`usage is ${percent(usage / limit)} though all do as they say`)
    if (usage > limit * 1.1 && !this.#isSurprised(time)) this.#complain(`usage is ${percent(usage / limit)}`)
  }

  /** Something needs more than anybody said to load, which no admission can know; or two take memory without end at once. */
  #isSurprised(time: number): boolean {
    const hogs = this.#world.components.filter(({ is, inUse }) => is.leak.rate > 0 && is.leak.from <= time && inUse)
    if (hogs.length > 1) return true
    return this.#world.components.some(({ is, state }) => {
      if (is.estimate >= is.size + emptyWorker) return false
      // While its worker does not answer, nobody knows that it lied.
      if (
        is.blocked &&
        time >= is.blocked.from &&
        time < is.blocked.from + is.blocked.time + COLLECT_TIME + END_TIME + late
      )
        return true
      return (
        state.kind === 'loading' ||
        state.kind === 'ending' ||
        ('since' in state && time - state.since < COLLECT_TIME + END_TIME + late)
      )
    })
  }

  /** A level is left only once usage has been clear of it for a while. */
  #level({ pressure: before }: DecisionState, { pressure: after }: DecisionState, { time }: AccountSnapshot): void {
    if (after.level !== 'low' || before.level === 'low') return
    if (time - this.#fellAt < CLEAR_DWELL) this.#complain(`pressure was over twice within ${CLEAR_DWELL} ms`)
    this.#fellAt = time
  }

  #requests({ requests, time }: AccountSnapshot, actions: readonly Action[]): void {
    for (const request of requests) {
      if (request.kind !== 'load' || this.#wasStalled(time)) continue
      const isDecided = actions.some((action) => 'request' in action && action.request === request.id)
      if (!isDecided && time - request.since > request.timeout + COLLECT_TIME + late)
        this.#complain(`${request.name} waits beyond its timeout`)
    }
  }

  /** Nothing in use or pinned goes, nobody on whom somebody depends, and nobody while somebody less important could. */
  #victim(
    { name, reason, plan }: Extract<Action, { kind: 'unload' }>,
    account: AccountSnapshot,
    { pressure }: DecisionState,
    ended: ReadonlySet<string>,
  ): void {
    const component = this.#world.components.find(({ is }) => is.name === name)
    const victim = account.components.find((each) => each.name === name)?.candidate
    if (!component || !victim) return this.#complain(`unloads ${name}, which has no worker`)
    if (component.inUse) this.#complain(`unloads ${name}, which is in use`)
    if (component.is.pinned) this.#complain(`unloads ${name}, which is pinned`)
    if (component.state.kind !== 'loaded') this.#complain(`unloads ${name}, which is ${component.state.kind}`)
    if (victim.dependents.length > 0) this.#complain(`unloads ${name}, on which others depend`)
    const trigger = reason === 'pressure' ? plan.trigger : 'demand'
    // Critical that has passed, and is not left yet, is relieved as high.
    const passed =
      pressure.level === 'critical' && bytesToFree('critical', account, this.#world.options) <= account.leaving
    if (reason === 'pressure' && trigger !== (passed ? 'high' : pressure.level))
      this.#complain(`unloads ${name} as at ${trigger} while pressure is ${pressure.level}`)
    if (reason === 'pressure' && pressure.level === 'low') this.#complain(`unloads ${name} for pressure that is low`)
    for (const { candidate } of account.components) {
      if (candidate.priority <= victim.priority || candidate.dependents.length > 0 || ended.has(candidate.name))
        continue
      if (fixedReason({ ...candidate, minResidency: 0 }, trigger) !== undefined) continue
      if (reason === 'free-memory' && this.#wasAsked(account, candidate.name)) continue
      this.#complain(`unloads ${name} (${victim.priority}) while ${candidate.name} (${candidate.priority}) could go`)
    }
  }

  /** Whoever is loaded then cannot go, whatever happens but the end of a use that has lasted. */
  #exhausted(
    { level, kept }: Extract<Action, { kind: 'exhausted' }>,
    { components, time }: AccountSnapshot,
    ended: ReadonlySet<string>,
  ): void {
    for (const { candidate, phase } of components) {
      const { name, dependents, pinned, inUse } = candidate
      if (ended.has(name)) continue
      this.#saidToStay.set(name, time)
      const component = this.#world.components.find(({ is }) => is.name === name)
      if (!component || phase !== 'ready') this.#complain(`nothing can go at ${level}, but ${name} is ${phase}`)
      else if (inUse && time - component.usedSince < LONG_USE[level])
        this.#complain(
          `nothing can go at ${level}, but ${name} has been in use for ${time - component.usedSince} ms only`,
        )
      else if (!inUse && !pinned && dependents.length === 0)
        this.#complain(`nothing can go at ${level}, but ${name} could: ${JSON.stringify(kept)}`)
    }
  }

  #hasty({ name, reason }: Extract<Action, { kind: 'unload' }>, { time }: AccountSnapshot): void {
    const said = this.#saidToStay.get(name)
    if (reason !== 'free-memory' && said !== undefined && time - said <= soon) this.figures.hasty++
    this.#saidToStay.delete(name)
  }

  #wasAsked({ requests }: AccountSnapshot, name: string): boolean {
    return requests.some((request) => request.kind === 'free' && request.asked.has(name))
  }

  /** Only those are ended that took memory which nobody had reason to expect. */
  #ended({ name, overrun }: Extract<Action, { kind: 'end' }>, { time }: AccountSnapshot): void {
    const component = this.#world.components.find(({ is }) => is.name === name)
    if (!component) return
    const { is } = component
    const isKeeping = component.kept(time) > mib
    const lied = is.estimate < is.size
    const passedOwn = is.memoryLimit !== undefined && component.bytes(time) > is.memoryLimit
    if (isKeeping || lied || passedOwn) return
    this.#complain(`ends ${name}, which took nothing: ${JSON.stringify(overrun)}`)
  }

  #wasStalled(time: number): boolean {
    return this.#world.scenario.stalls.some((stall) => time >= stall.from && time <= stall.from + stall.time + late)
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`
