import type { ServerResponse } from 'node:http'
import type { Observed } from './observed.ts'
import type { LiveState } from './live-state.ts'
import type { Place } from './places.ts'
import { Viewer } from './viewer.ts'
import { monotonicNow } from '../base/monotonic.ts'
import { nextTurn, setTimeout, clearTimeout } from '../base/timers.ts'

/** ms between two ticks. */
const interval = 1_000
/** ms between two ticks while much happens; the first thing that happens is told sooner, with what happens together with it. */
const hasty = { interval: 300, delay: 50 }
/**
 * Memory is measured again for viewers when its figures are older than so many times what measuring takes, between the bounds (ms): it wakes every
 * worker, and is to take no more than half a percent of the time.
 */
const freshness = { times: 200, least: 500, most: 3_000 }
/** Viewers that are written to in one turn of the event loop. */
const viewersAtOnce = 4

/** Sends the state to all viewers as server-sent events: a `snapshot`, then a `tick` every second. Does nothing while there are none. */
export class LiveStream {
  readonly #coordinator: Observed
  readonly #state: () => LiveState
  readonly #failed: (error: unknown) => void
  readonly #viewers = new Set<Viewer>()
  #timer: NodeJS.Timeout | undefined
  #dueAt = Number.POSITIVE_INFINITY
  #ticking = false
  #tickedAt = 0

  /** @param failed told when there were no figures to send; the next tick tries again. */
  constructor(coordinator: Observed, state: () => LiveState, failed: (error: unknown) => void) {
    this.#coordinator = coordinator
    this.#state = state
    this.#failed = failed
  }

  /**
   * @param headers sent with the answer, which stays open until the viewer leaves or `close`.
   * @param place given back when it leaves; by it the viewer is asked whether it still reads.
   */
  join(response: ServerResponse, headers: Readonly<Record<string, string>>, place: Place): void {
    const viewer = new Viewer(response)
    response.on('close', () => {
      place[Symbol.dispose]()
      this.#viewers.delete(viewer)
      if (this.#viewers.size === 0) this.#cancel()
    })
    // Its errors come with its close.
    response.on('error', () => {})
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.write('retry: 2000\n\n')
    this.#state().cluster.ask()
    viewer.write(message('snapshot', JSON.stringify(this.#state().snapshot())))
    this.#viewers.add(viewer)
    const question = message('alive', JSON.stringify({ viewer: place.id }))
    place.holder = { ask: () => viewer.write(question), leave: () => response.destroy() }
    this.#schedule(interval)
  }

  /** Something happened that viewers want to see. */
  soon(): void {
    if (this.#viewers.size === 0) return
    this.#schedule(Math.max(hasty.delay, this.#tickedAt + hasty.interval - monotonicNow()))
  }

  /** Ends all streams. */
  close(): void {
    this.#cancel()
    for (const { response } of this.#viewers) response.destroy()
    this.#viewers.clear()
  }

  #schedule(delay: number): void {
    const dueAt = monotonicNow() + delay
    if (dueAt >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY
      void this.#tick()
    }, delay).unref()
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    this.#dueAt = Number.POSITIVE_INFINITY
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return
    this.#ticking = true
    this.#tickedAt = monotonicNow()
    try {
      const { memory, isShutdown } = this.#coordinator
      const freshEnough = Math.max(freshness.least, Math.min(freshness.most, memory.sampleTime * freshness.times))
      if (!isShutdown && memory.sampleAge > freshEnough) await memory.sample()
      if (this.#viewers.size > 0) await this.#send()
    } catch (error) {
      // Whoever only looks on must not end the program.
      this.#failed(error)
    } finally {
      this.#ticking = false
      if (this.#viewers.size > 0) this.#schedule(interval)
    }
  }

  /** Whoever joins meanwhile is given what may be older than the snapshot it has; the next tick puts that right. */
  async #send(): Promise<void> {
    const tick = message('tick', await this.#state().tick(nextTurn))
    let snapshot: Buffer | undefined
    let written = 0
    for (const viewer of this.#viewers) {
      switch (viewer.look()) {
        case 'stalled':
          viewer.response.destroy()
          break
        case 'behind':
          break
        case 'caught up':
          snapshot ??= message('snapshot', JSON.stringify(this.#state().snapshot()))
          viewer.write(snapshot)
          break
        case 'reading':
          viewer.write(tick)
      }
      if (++written % viewersAtOnce === 0) await nextTurn()
    }
  }
}

/** Encoded once for all viewers. */
function message(event: string, json: string): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${json}\n\n`)
}
