import type { ServedCall } from '../../channel/call-context.ts'
import { callContext } from '../../channel/call-context.ts'
import type { Caller } from '../../channel/caller.ts'
import { isRefusedKey } from '../../channel/method-table.ts'
import type { ServedMethod, ServedMethods } from '../../channel/method-table.ts'
import { NotBegun } from '../../channel/not-begun.ts'
import type { RemoteCallOptions } from '../../channel/pending-call.ts'
import type { Fence, MethodPath } from '../../channel/protocol.ts'
import { isStaleOwnerError } from '../../contract/errors.ts'
import { monotonicNow } from '../../base/monotonic.ts'

/** What stands between the cluster and a component of this host. */
export interface GateOptions {
  /** The main thread's caller of the component. */
  readonly caller: Pick<Caller, 'call'>
  /**
   * Called before a call is begun, and again when it was held up until its claim was over.
   *
   * @returns the claim under which it is made, if it is made under one.
   * @throws NotBegun when this host does not take it.
   */
  readonly admit: () => Fence | undefined
  /** Told of a call that was admitted and could not be begun: the component could not be loaded, say. */
  readonly failed?: (why: unknown) => void
}

/** The methods of a component as other hosts call them: each call goes on to the component's own worker, under the same allow-list. */
export class Gate implements ServedMethods {
  readonly api = undefined
  readonly #options: GateOptions

  constructor(options: GateOptions) {
    this.#options = options
  }

  lookup(method: MethodPath): ServedMethod | undefined {
    const path = typeof method === 'string' ? [method] : method
    if (path.some(isRefusedKey)) return undefined
    return {
      fn: async (...args: unknown[]) => this.#call(method, args, this.#options.admit()),
      self: undefined,
    }
  }

  names(): string[] {
    return []
  }

  async #call(method: MethodPath, args: readonly unknown[], fence: Fence | undefined): Promise<unknown> {
    const { caller, admit, failed } = this.#options
    const call = callContext.getStore()
    for (let under = fence; ; under = admit()) {
      try {
        return await caller.call(method, args, optionsOf(call, under), {})
      } catch (error) {
        // It waited until what was known of the claim then was over: it may have been renewed since.
        if (error instanceof NotBegun && isStaleOwnerError(error.cause)) continue
        if (error instanceof NotBegun) failed?.(error.cause)
        throw error
      }
    }
  }
}

function optionsOf(call: ServedCall | undefined, fence: Fence | undefined): RemoteCallOptions {
  if (!call) return { fence, tellsNotBegun: true }
  const { deadline, signal, traceparent } = call
  const timeout = deadline === 0 ? undefined : Math.max(1, deadline - monotonicNow())
  return { timeout, signal, traceparent, fence, tellsNotBegun: true }
}
