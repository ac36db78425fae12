import type { ServerResponse } from 'node:http'
import type { ComponentCoordinator } from '../coordinator.ts'
import type { LiveState } from './live-state.ts'

/** ms between two ticks. */
const interval = 1_000
/** ms between two ticks while much happens; the first thing that happens is told sooner, with what happens together with it. */
const hasty = { interval: 300, delay: 50 }
/** Bytes that a viewer may be behind by; it gets a fresh snapshot once it has caught up. */
const mostBehind = 1024 ** 2

interface Viewer {
  readonly response: ServerResponse
  /** It missed ticks. */
  behind: boolean
}

/** Sends the state to all viewers as server-sent events: a `snapshot`, then a `tick` every second. Does nothing while there are none. */
export class LiveStream {
  readonly #coordinator: ComponentCoordinator
  readonly #state: () => LiveState
  readonly #viewers = new Set<Viewer>()
  #timer: NodeJS.Timeout | undefined
  #dueAt = Number.POSITIVE_INFINITY
  #ticking = false
  #tickedAt = 0

  constructor(coordinator: ComponentCoordinator, state: () => LiveState) {
    this.#coordinator = coordinator
    this.#state = state
  }

  get viewers(): number {
    return this.#viewers.size
  }

  /** @param headers sent with the answer, which stays open until the viewer leaves or `close`. */
  join(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    const viewer: Viewer = { response, behind: false }
    // The ticks to come tell what changed from here on.
    this.#send()
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.write(`retry: 2000\n\n${message('snapshot', this.#state().snapshot())}`)
    this.#viewers.add(viewer)
    response.on('close', () => {
      this.#viewers.delete(viewer)
      if (this.#viewers.size === 0) this.#cancel()
    })
    // Its errors come with its close.
    response.on('error', () => {})
    this.#schedule(interval)
  }

  /** Something happened that viewers want to see. */
  soon(): void {
    if (this.#viewers.size === 0) return
    this.#schedule(Math.max(hasty.delay, this.#tickedAt + hasty.interval - performance.now()))
  }

  /** Ends all streams. */
  close(): void {
    this.#cancel()
    for (const { response } of this.#viewers) response.destroy()
    this.#viewers.clear()
  }

  #schedule(delay: number): void {
    const dueAt = performance.now() + delay
    if (dueAt >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY
      void this.#tick()
    }, delay)
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    this.#dueAt = Number.POSITIVE_INFINITY
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return
    this.#ticking = true
    this.#tickedAt = performance.now()
    try {
      if (!this.#coordinator.isShutdown) await this.#coordinator.memory.sample()
      if (this.#viewers.size > 0) this.#send()
    } finally {
      this.#ticking = false
      if (this.#viewers.size > 0) this.#schedule(interval)
    }
  }

  #send(): void {
    const tick = message('tick', this.#state().tick())
    let snapshot: string | undefined
    for (const viewer of this.#viewers) {
      const { response } = viewer
      if (response.writableLength > mostBehind) viewer.behind = true
      else if (!viewer.behind) response.write(tick)
      else if (response.writableLength === 0) {
        snapshot ??= message('snapshot', this.#state().snapshot())
        response.write(snapshot)
        viewer.behind = false
      }
    }
  }
}

function message(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
