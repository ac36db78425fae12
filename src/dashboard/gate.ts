import { createHash, timingSafeEqual } from 'node:crypto'
import { clearTimeout, setTimeout } from '../base/timers.ts'
import { isLongToken } from './dashboard-options.ts'
import type { ResolvedDashboardOptions } from './dashboard-options.ts'
import { GuessBrake } from './guess-brake.ts'
import { refuse, RequestGuard } from './request-guard.ts'
import type { Access, Asking, Refusal } from './request-guard.ts'

/** Lets in whom the guard lets in, and those with the token; who guesses at it waits. */
export class Gate {
  readonly #guard: RequestGuard
  readonly #brake: GuessBrake
  readonly #token: Buffer | undefined

  constructor(options: ResolvedDashboardOptions) {
    const { token } = options
    this.#guard = new RequestGuard(options)
    this.#brake = new GuessBrake({ long: token !== undefined && isLongToken(token) })
    this.#token = token === undefined ? undefined : digest(token)
  }

  /** Seconds after which to ask again, after a refusal with status 429. */
  get retryAfter(): number {
    return this.#brake.retryAfter
  }

  /** Undefined: it may be served. @param gone aborted when nobody waits for the answer any more. */
  async check(access: Access, request: Asking, gone: AbortSignal): Promise<Refusal | undefined> {
    const verdict = this.#guard.check(access, request)
    if (verdict.kind === 'served') return undefined
    if (verdict.kind === 'refused') return verdict.refusal
    const { given, why } = verdict
    if (this.#token === undefined) {
      return needed(`A token is needed, since ${why}, and this dashboard was started without one: see its option token`)
    }
    if (given === undefined) return needed(`The token is missing: ${why}`)
    const address = request.socket.remoteAddress ?? ''
    if (!this.#brake.open) return tooMany
    // Digests have one length, so that the comparison tells nothing of the token's either.
    if (timingSafeEqual(digest(given), this.#token)) {
      this.#brake.right(address)
      return undefined
    }
    const braked = this.#brake.wrong(address)
    if (braked.kind === 'refused') return tooMany
    await passed(braked.delay, gone)
    return needed('The token is wrong')
  }
}

const tooMany = refuse(429, 'TOO_MANY_GUESSES', 'Too many wrong tokens have come: ask again later')

const needed = (message: string): Refusal => refuse(401, 'TOKEN_NEEDED', message)

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Until so many ms have passed, or nobody waits for that. */
async function passed(ms: number, gone: AbortSignal): Promise<void> {
  if (ms === 0 || gone.aborted) return
  await new Promise<void>((resolve) => {
    const over = (): void => {
      clearTimeout(timer)
      gone.removeEventListener('abort', over)
      resolve()
    }
    const timer = setTimeout(over, ms)
    timer.unref()
    gone.addEventListener('abort', over)
  })
}
