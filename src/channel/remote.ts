import { inspect } from 'node:util'
import { proxyMarker, releaseProxy } from 'comlink'
import { InvalidOptionsError, NoSuchMethodError } from '../contract/errors.ts'
import { isInstance } from '../contract/is-instance.ts'
import type { Remote } from '../contract/remote.ts'
import type { Caller } from './caller.ts'
import { readable } from './answer-reader.ts'
import { isRefusedKey } from './method-table.ts'
import { RecentMembers } from './recent-members.ts'
import { framesOf } from './error-for-caller.ts'
import type { CallOptions, CallOrigin, RemoteCallOptions } from './pending-call.ts'
import { spreadApply } from './protocol.ts'
import type { ChannelEnd } from './transport.ts'
import type { MethodPath } from './protocol.ts'
import { isCloneable } from './uncloneable.ts'
import { expectOptions, expectString } from '../base/option-checks.ts'
import { systemTime } from '../base/timers.ts'

type Target = {
  readonly caller: Caller
  readonly path: readonly string[]
  readonly options: RemoteCallOptions
  /** Of callbacks: gives them back. As long as any part of the remote is reachable, so is this. */
  readonly release?: () => void
  /** Shared by all nodes of one remote. */
  readonly recent: RecentMembers
  /** Members of the remote itself that read as undefined. */
  readonly hidden?: ReadonlySet<string>
}

/**
 * Capturing a stack costs 2 µs, more than all the rest of a call that shares its messages with others. So no more calls than this capture theirs in any
 * one millisecond.
 */
const capturesPerMillisecond = 2
let millisecond = 0
let captures = 0

function mayCapture(): boolean {
  const now = systemTime()
  if (now !== millisecond) {
    millisecond = now
    captures = 0
  }
  return captures++ < capturesPerMillisecond
}

const targets = new WeakMap<object, Target>()

/** The durable proxy of what `caller` calls. `options` are the defaults of its calls. */
export function createRemote<T>(caller: Caller, options: RemoteCallOptions): Remote<T> {
  return createNode(
    { caller, path: [], options, recent: new RecentMembers() },
    Object.create(null) as object,
  ) as Remote<T>
}

/** The proxy of a callback: can be called itself, and so can its methods; `remote[releaseProxy]()` calls `release`. */
export function createCallbackRemote(caller: Caller, release: () => void): object {
  return createNode({ caller, path: [], options: {}, release, recent: new RecentMembers() }, () => {})
}

/**
 * The same remote, whose calls have a deadline (`timeout`, ms) or a signal, or do not load the component (`ifLoaded`). What is not given stays
 * as it was.
 *
 * @throws InvalidOptionsError when `remote` is no remote, `timeout` no positive number (0 takes a timeout away), `signal` no AbortSignal,
 * `ifLoaded` no boolean, or `traceparent` no string.
 */
export function withCallOptions<R extends object>(remote: R, options: CallOptions): R {
  const target = targets.get(remote)
  if (!target) throw new InvalidOptionsError('remote', 'a remote of a component, or a member of one', remote)
  const { timeout, signal, ifLoaded, traceparent } = expectOptions(options, [
    'timeout',
    'signal',
    'ifLoaded',
    'traceparent',
  ])
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 0 && timeout <= 2 ** 31 - 1)) {
    throw new InvalidOptionsError('timeout', 'a number of milliseconds from 0 (none) to 2147483647', timeout)
  }
  if (ifLoaded !== undefined && typeof ifLoaded !== 'boolean') {
    throw new InvalidOptionsError('ifLoaded', 'true or false', ifLoaded)
  }
  if (traceparent !== undefined) expectString('traceparent', traceparent)
  const merged: RemoteCallOptions = {
    timeout: timeout ?? target.options.timeout,
    signal: signal ?? target.options.signal,
    ifLoaded: ifLoaded ?? target.options.ifLoaded,
    traceparent: traceparent ?? target.options.traceparent,
    at: target.options.at,
  }
  const shape = target.path.length === 0 && typeof remote !== 'function' ? (Object.create(null) as object) : () => {}
  return createNode({ ...target, options: merged, recent: new RecentMembers() }, shape) as R
}

/**
 * The same remote, of which some members read as undefined: for a framework that looks for methods of its own on every object it is given,
 * and would call them.
 */
export function withoutMembers<R extends object>(remote: R, hidden: ReadonlySet<string>): R {
  const target = targets.get(remote)
  if (!target) throw new InvalidOptionsError('remote', 'a remote of a component, or a member of one', remote)
  return createNode({ ...target, hidden, recent: new RecentMembers() }, Object.create(null) as object) as R
}

export function isCallbackRemote(value: object): boolean {
  return targets.get(value)?.release !== undefined
}

/**
 * The end of a channel on which the thread that a callback comes from serves it, for a third thread: what is passed on does not depend on who passed it.
 * Undefined for anything else, and for callbacks whose calls have options of their own.
 */
export function directEnd(value: object): ChannelEnd | undefined {
  const target = targets.get(value)
  if (!target?.release || Object.values(target.options).some((option) => option !== undefined)) return undefined
  return target.caller.share(target.path)
}

function createNode(target: Target, shape: object): object {
  const prefix = target.path.map((key) => `${key}\u0000`).join('')
  const callable = typeof shape === 'function'
  const call = callOf(target)
  // What shows a proxy looks at what is behind it.
  Object.defineProperty(shape, inspect.custom, shownAsName)
  const node: object = new Proxy(shape, {
    apply: call,
    get(_, key) {
      // Symbols never reach the other side; without `then` a remote can be awaited and returned from async functions.
      if (typeof key === 'symbol') return localMember(target, key)
      if (key === 'then' || key === 'toJSON') return undefined
      if (target.path.length === 0 && target.hidden?.has(key)) return undefined
      if (callable && key === 'bind') return bindOf(call)
      const known = target.recent.get(prefix + key)
      if (known) return known
      const member = isRefusedKey(key)
        ? refusing(target, key)
        : createNode({ ...target, path: [...target.path, key] }, () => {})
      target.recent.add(prefix + key, member)
      return member
    },
    has: () => false,
    // A callback may be marked with `proxy()` again to be passed on: it is so already.
    set: (_, key) => (target.release !== undefined && key === proxyMarker) || readOnly(),
    defineProperty: readOnly,
    deleteProperty: readOnly,
    setPrototypeOf: readOnly,
    getPrototypeOf: () => (callable ? Function.prototype : null),
  })
  targets.set(node, target)
  return node
}

/** As the trap of a proxy has it: then a captured stack begins with who called. */
type Call = (target: unknown, self: unknown, args: readonly unknown[]) => Promise<unknown>

function callOf(target: Target): Call {
  const direct = directCallOf(target)
  // A remote itself is no function, unless it is a callback.
  const name = target.path.length > (target.release ? 0 : 1) ? target.path.at(-1) : undefined
  if (name !== 'call' && name !== 'apply') return direct
  const spread = directCallOf({ ...target, path: [...target.path.slice(0, -1), spreadApply] })
  return (_, self, args) => {
    const [object, list] = args
    if (name === 'apply' && args.length === 2 && isArrayLike(list)) {
      return spread(_, self, [sendableSelf(object), ...Array.from(list)])
    }
    return direct(_, self, args.length > 0 ? [sendableSelf(object), ...args.slice(1)] : args)
  }
}

function isArrayLike(list: unknown): list is ArrayLike<unknown> {
  return typeof list === 'object' && list !== null && 'length' in list && typeof list.length === 'number'
}

/** The first argument of `call` and `apply`. Functions there do not need it; so what cannot travel (a remote, `this`) is left out. */
function sendableSelf(self: unknown): unknown {
  return isCloneable(self) ? self : undefined
}

function directCallOf({ caller, path, options }: Target): Call {
  const method: MethodPath = path.length === 1 ? (path[0] ?? '') : path.length === 0 ? '' : path
  const call: Call = (_, __, args) => {
    if (!mayCapture()) return readable(callAwaited(caller, method, args, options))
    const origin: CallOrigin = {}
    Error.captureStackTrace(origin, call)
    return readable(caller.call(method, args, options, origin))
  }
  return call
}

/** `bind` as of any function; the object that is bound stays here. */
function bindOf(call: Call) {
  return (_: unknown, ...first: unknown[]) =>
    (...args: unknown[]): Promise<unknown> =>
      call(undefined, undefined, [...first, ...args])
}

/**
 * A call whose stack is not captured when it is made. When it rejects, V8 finds the functions that await it, which usually are those that made it;
 * only where nobody awaits it the caller's frames are missing.
 */
async function callAwaited(
  caller: Caller,
  method: MethodPath,
  args: readonly unknown[],
  options: RemoteCallOptions,
): Promise<unknown> {
  const origin: CallOrigin = {}
  try {
    return await caller.call(method, args, options, origin)
  } catch (error) {
    if (error === origin.error && isInstance(error, Error)) {
      const here: { stack?: string } = {}
      Error.captureStackTrace(here, callAwaited)
      const frames = framesOf(here)
      if (frames) error.stack += `\n${frames}`
    }
    throw error
  }
}

/**
 * What a remote answers itself: its name when it is put into a string, which would else call `toString` over there; and for callbacks
 * comlink's release, and its mark of what is passed by reference, so that a callback can be passed on.
 */
function localMember(target: Target, key: symbol): unknown {
  const { release } = target
  if (key === Symbol.toPrimitive) return () => nameOf(target)
  if (key !== proxyMarker) return key === releaseProxy ? release : undefined
  if (release) return true
  // Copied, it would arrive as an empty object.
  throw new TypeError('A remote of a component cannot be passed on: name the component as a dependency of who needs it')
}

/** For `console.log` and the like, which ask on behalf of the proxy. */
const shownAsName: PropertyDescriptor = {
  value(this: object): string {
    const target = targets.get(this)
    return target ? nameOf(target) : '[remote]'
  },
  configurable: true,
}

function nameOf({ caller, path }: Target): string {
  return `[remote ${[caller.component, ...path].join('.')}]`
}

function refusing({ caller, path }: Pick<Target, 'caller' | 'path'>, key: string): () => Promise<never> {
  const name = [...path, key].join('.')
  // A function of the old kind, so that `new` reaches the trap.
  const refuse = function (): Promise<never> {
    return Promise.reject(new NoSuchMethodError(caller.component, name))
  }
  return new Proxy(refuse, {
    get: (_, inner) =>
      typeof inner === 'string' && inner !== 'then' ? refusing({ caller, path: [...path, key] }, inner) : undefined,
    construct: () => {
      throw new NoSuchMethodError(caller.component, name)
    },
    set: readOnly,
    setPrototypeOf: readOnly,
    defineProperty: readOnly,
  })
}

function readOnly(): never {
  throw new TypeError('A remote is read-only: what a component holds can only be changed by calling its methods')
}
