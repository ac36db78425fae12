import type { ProxyMarked } from 'comlink'
import type { Branded, brand } from './component-brand.ts'
import type { TransferHandled } from './transfer-handled.ts'

/** What a component's module exports, seen as the API its callers get: of `defineComponent`, a class, a factory, or a plain object of functions. */
export type ApiOf<T> = T extends Branded
  ? Exclude<ReturnType<T[typeof brand]>, Promise<unknown>>
  : T extends abstract new (...args: never[]) => infer Instance
    ? Instance
    : T extends AnyFunction
      ? Awaited<ReturnType<T>>
      : T

/**
 * A component as its callers see it: every method is asynchronous, nested objects of functions are reached by their path, an
 * async iterable arrives as one, and nothing but methods is there. Functions among the arguments are marked with `proxy()`, wherever they are; an
 * AbortSignal is given as it is. Optional methods are there: the call of one that the component has not rejects with NoSuchMethodError.
 *
 * Of an overloaded method the last four signatures are kept. A type parameter of a method becomes what it extends, `unknown` as a rule: what TypeScript can
 * say of such a function cannot be said of another one that is made of it.
 */
export type Remote<T> = IsAny<T> extends true ? T : RemoteMembers<ApiOf<T>>

/**
 * In place of a method whose result cannot travel, or of a parameter that cannot: nothing has this type, and what the compiler says of it tells why.
 */
export interface CannotTravel<Why extends string> {
  readonly [why]: Why
}
declare const why: unique symbol

/** A result stream: may be awaited first, or read with `for await` straight away. */
export type RemoteStreamOf<Value, Return = unknown> = Promise<AsyncGenerator<Value, Return>> &
  AsyncIterable<Value, Return>

type AnyFunction = (...args: never[]) => unknown
type IsAny<T> = 0 extends 1 & T ? true : false

/**
 * Travels as it is: it is cloned, or moves. What is not JavaScript's own is told by what it can do: of streams and blobs there are several declarations, and
 * of none of these there is one where the types of Node are not installed; one name that is unknown would make all that is here mean nothing.
 */
type Whole =
  | string
  | number
  | boolean
  | bigint
  | null
  | undefined
  | void
  | Date
  | RegExp
  | Error
  | ArrayBufferLike
  | ArrayBufferView
  | { readonly postMessage: AnyFunction; readonly start: AnyFunction }
  | { readonly fd: number; readonly appendFile: AnyFunction }
  | { readonly export: AnyFunction; readonly equals: AnyFunction }
  | { readonly getReader: AnyFunction; readonly tee: AnyFunction }
  | { readonly getWriter: AnyFunction; readonly abort: AnyFunction }
  | { readonly readable: { readonly getReader: AnyFunction }; readonly writable: { readonly getWriter: AnyFunction } }
  | { readonly arrayBuffer: AnyFunction; readonly slice: AnyFunction; readonly size: number }
  // oxlint-disable-next-line typescript/no-redundant-type-constituents -- users add to it
  | TransferHandled[keyof TransferHandled]

/** Levels of objects that are looked into: deeper, a type is taken at its word. More would have the compiler give up on large recursive types. */
type Deepest = 4

type BufferLike = Uint8Array & { readonly readUInt32LE: AnyFunction; readonly swap32: AnyFunction }
type SignalLike = { readonly aborted: boolean; readonly throwIfAborted: AnyFunction; readonly onabort: unknown }

/** What in a value cannot travel as it is; never: nothing. @param Also what can, besides. */
type Problem<T, Also, Depth extends readonly 0[] = []> =
  IsAny<T> extends true
    ? never
    : T extends ProxyMarked | Whole | Also
      ? never
      : T extends symbol
        ? 'a symbol cannot travel'
        : T extends AnyFunction
          ? 'a function travels where it is marked with proxy()'
          : Depth['length'] extends Deepest
            ? never
            : T extends readonly (infer V)[]
              ? Problem<V, Also, [...Depth, 0]>
              : T extends ReadonlyMap<infer K, infer V>
                ? Problem<K | V, Also, [...Depth, 0]>
                : T extends ReadonlySet<infer V>
                  ? Problem<V, Also, [...Depth, 0]>
                  : T extends Iterable<unknown>
                    ? 'an Iterable cannot travel: an array, or a Set, can'
                    : T extends AsyncIterable<unknown>
                      ? 'an async iterable travels as the result of a call, and not in a value'
                      : T extends PromiseLike<unknown>
                        ? 'a promise cannot travel in a value'
                        : T extends object
                          ? { [K in keyof T & (string | number)]-?: Problem<T[K], Also, [...Depth, 0]> }[keyof T &
                              (string | number)]
                          : never

/** What arrives as something else than it left. */
type Changed<T, Depth extends readonly 0[] = []> =
  IsAny<T> extends true
    ? never
    : T extends ProxyMarked | BufferLike
      ? true
      : T extends Whole | AnyFunction
        ? never
        : Depth['length'] extends Deepest
          ? never
          : T extends readonly (infer V)[]
            ? Changed<V, [...Depth, 0]>
            : T extends ReadonlyMap<unknown, infer V>
              ? Changed<V, [...Depth, 0]>
              : T extends object
                ? { [K in keyof T & (string | number)]-?: Changed<T[K], [...Depth, 0]> }[keyof T & (string | number)]
                : never

/** A value as it arrives: what was marked with `proxy()` as a remote, a Buffer as the Uint8Array that it is, all else as a clone. */
export type Received<T> =
  IsAny<T> extends true
    ? T
    : T extends ProxyMarked
      ? Callable<T> & ProxyMarked
      : T extends BufferLike
        ? Uint8Array
        : [Changed<T>] extends [never]
          ? T
          : T extends ReadonlyMap<infer K, infer V>
            ? Map<K, Received<V>>
            : { [K in keyof T]: Received<T[K]> }

type RemoteResult<R> = [Awaited<R>] extends [never]
  ? Promise<never>
  : unknown extends Awaited<R>
    ? Promise<Awaited<R>>
    : Awaited<R> extends AsyncIterable<infer Value, infer Return> & object
      ? RemoteStreamOf<Received<Value>, Return>
      : Promise<Received<Awaited<R>>>

type ResultProblem<R> = [R] extends [AsyncIterable<infer Value> & object] ? Problem<Value, never> : Problem<R, never>

/** A function as it is given: what it returns may be awaited, so it may be there at once. */
type Callback<F> = F extends (...args: infer P) => infer R ? (...args: P) => R | Awaited<R> : never

/** An argument as it is given: functions are marked with `proxy()`, or the object that has them is. */
export type Sent<T> =
  IsAny<T> extends true
    ? T
    : T extends ProxyMarked
      ? (T extends AnyFunction ? Callback<T> : unknown) & ByReference<T>
      : T extends AnyFunction
        ? Callback<T> & ProxyMarked
        : [Problem<T, SignalLike>] extends [never]
          ? T
          : T extends readonly unknown[]
            ? { [I in keyof T]: Sent<T[I]> }
            : T extends ReadonlyMap<infer K, infer V>
              ? ReadonlyMap<K, Sent<V>>
              : T extends Iterable<infer V>
                ? readonly Sent<V>[] | ReadonlySet<Sent<V>>
                : T extends symbol | AsyncIterable<unknown> | PromiseLike<unknown>
                  ? CannotTravel<Problem<T, SignalLike>>
                  : { [K in keyof T]: Sent<T[K]> } | ByReference<T>

type ByReference<T> = Members<T> & ProxyMarked

type Members<T> = {
  [K in keyof T]: T[K] extends AnyFunction ? Callback<T[K]> : IsPlain<T[K]> extends true ? Members<T[K]> : T[K]
}

type Sendable<Args extends readonly unknown[]> = { [I in keyof Args]: Sent<Args[I]> }

type RemoteSignature<Args extends readonly unknown[], R> = [ResultProblem<Awaited<R>>] extends [never]
  ? (...args: Sendable<Args>) => RemoteResult<R>
  : CannotTravel<`of what it returns: ${ResultProblem<Awaited<R>>}`>

/** Of fewer signatures than a pattern has, those that there are match its last ones, and unknown arguments the others. */
type RemoteMethod<F> = F extends {
  (...args: infer A1): infer R1
  (...args: infer A2): infer R2
  (...args: infer A3): infer R3
  (...args: infer A4): infer R4
}
  ? Overload<A1, R1> & Overload<A2, R2> & Overload<A3, R3> & RemoteSignature<A4, R4>
  : F extends {
        (...args: infer A1): infer R1
        (...args: infer A2): infer R2
        (...args: infer A3): infer R3
      }
    ? Overload<A1, R1> & Overload<A2, R2> & RemoteSignature<A3, R3>
    : F extends { (...args: infer A1): infer R1; (...args: infer A2): infer R2 }
      ? Overload<A1, R1> & RemoteSignature<A2, R2>
      : F extends (...args: infer A) => infer R
        ? RemoteSignature<A, R>
        : never

type Overload<Args extends readonly unknown[], R> = unknown[] extends Args ? unknown : RemoteSignature<Args, R>

type Callable<T> = (T extends AnyFunction ? RemoteMethod<T> : unknown) & RemoteMembers<T>

type IsPlain<T> = T extends AnyFunction
  ? false
  : T extends readonly unknown[] | Date | Map<unknown, unknown> | Set<unknown> | ArrayBufferView
    ? false
    : T extends object
      ? true
      : false

/** Names of members that can be called, or have such members. What anything is called, and may be anything, is none. */
type CallableKey<T, K extends keyof T> = K extends string
  ? K extends 'constructor' | 'then' | '__proto__' | 'prototype' | 'toJSON'
    ? never
    : string extends K
      ? IsAny<T[K]> extends true
        ? never
        : IfCallable<NonNullable<T[K]>, K>
      : IfCallable<NonNullable<T[K]>, K>
  : never

type IfCallable<Member, K> = [Member] extends [never]
  ? never
  : Member extends AnyFunction
    ? K
    : IsPlain<Member> extends true
      ? [CallableKeys<Member>] extends [never]
        ? never
        : K
      : never

type CallableKeys<T> = { [K in keyof T]-?: CallableKey<T, K> }[keyof T]

type RemoteMembers<T> = {
  readonly [K in keyof T as CallableKey<T, K>]-?: NonNullable<T[K]> extends AnyFunction
    ? RemoteMethod<NonNullable<T[K]>>
    : RemoteMembers<NonNullable<T[K]>>
}
