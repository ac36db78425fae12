import { proxyMarker, transfer } from 'comlink'
import { movableIn } from './clone-guard.ts'
import { onPeerGone } from './comlink-remotes.ts'
import { isRefusedKey, MethodTable } from './method-table.ts'
import type { ServedMethod, ServedMethods } from './method-table.ts'
import { spreadApply } from './protocol.ts'
import type { MethodPath } from './protocol.ts'
import { isCallbackRemote } from './remote.ts'

type Call = (...args: unknown[]) => unknown

/** What of a `proxy()`ed object may be called: of a remote whatever its own end allows, which is asked by calling it. */
export function methodsOf(value: object): ServedMethods {
  return isRemote(value) ? new ForwardedMethods(value) : new MethodTable(value)
}

/** A callback of this package, or a remote of comlink's: anything that is read of those is a function. */
export function isRemote(value: object): boolean {
  return isCallbackRemote(value) || typeof Reflect.get(value, proxyMarker) === 'function'
}

/** The method of a remote, whatever is served at its other end. */
export function callRemote(remote: object, path: readonly string[], args: readonly unknown[]): unknown {
  let member = remote
  const spread = path.at(-1) === spreadApply
  for (const key of path) member = Reflect.get(member, key === spreadApply ? 'apply' : key) as object
  const passed = args.map(passedOn)
  return (member as Call)(...(spread ? [passed[0], passed.slice(1)] : passed))
}

/** A value that came from elsewhere, ready to be sent on: what moved with it moves once more. */
export function passedOn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const moved = movableIn(value)
  return moved.length > 0 ? transfer(value, moved as Parameters<typeof transfer>[1]) : value
}

class ForwardedMethods implements ServedMethods {
  readonly api = undefined
  readonly #remote: object

  constructor(remote: object) {
    this.#remote = remote
  }

  lookup(method: MethodPath): ServedMethod | undefined {
    const path = typeof method === 'string' ? [method].filter((key) => key !== '') : method
    if (path.some(isRefusedKey)) return undefined
    return { fn: async (...args: unknown[]) => passedOn(await this.#call(path, args)), self: undefined }
  }

  #call(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const stop = onPeerGone(this.#remote, () => reject(new DOMException('Who gave the callback is gone', 'AbortError')))
    Promise.resolve(callRemote(this.#remote, path, args))
      .then(resolve, reject)
      .finally(stop)
    return promise
  }

  names(): string[] {
    return []
  }
}
