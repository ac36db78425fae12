import { RecentErrors } from '../channel/served-calls.ts'
import type { CallerCount, ServedCalls } from '../channel/served-calls.ts'

/** Adds up what generations have told, one after the other and side by side. */
export class ServedLog {
  readonly #callers = new Map<string | undefined, CallerCount>()
  readonly #errors = new RecentErrors()

  add({ callers, errors }: ServedCalls): void {
    for (const caller of callers) {
      const { calls = 0, errors: failed = 0, lastCall = 0 } = this.#callers.get(caller.name) ?? {}
      this.#callers.set(caller.name, {
        name: caller.name,
        calls: calls + caller.calls,
        errors: failed + caller.errors,
        lastCall: Math.max(lastCall, caller.lastCall),
      })
    }
    for (const error of errors) this.#errors.add(error)
  }

  get all(): ServedCalls {
    return { callers: [...this.#callers.values()], errors: this.#errors.all }
  }
}
