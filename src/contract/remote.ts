import type { ProxyMarked } from 'comlink'
import type { Branded, brand } from './component-brand.ts'
import type {
  AnyFunction,
  BufferLike,
  CannotTravel,
  Deepest,
  IsAny,
  Problem,
  SignalLike,
  Unsendable,
} from './travel.ts'

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
export type Remote<T> = IsAny<ApiOf<T>> extends true ? ApiOf<T> : RemoteMembers<ApiOf<T>>

/** A result stream: may be awaited first, or read with `for await` straight away. */
export type RemoteStreamOf<Value, Return = unknown> = Promise<AsyncGenerator<Value, Return>> &
  AsyncIterable<Value, Return>

/** What arrives as something else than it left. */
type Changed<T, Depth extends readonly 0[] = []> =
  IsAny<T> extends true
    ? never
    : T extends ProxyMarked | BufferLike
      ? true
      : T extends AnyFunction
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

type ResultProblem<R> = [R] extends [AsyncIterable<infer Value> & object]
  ? Problem<Value, BufferLike>
  : Problem<R, BufferLike>

/** A function as it is given: what it returns may be awaited, so it may be there at once. */
type Callback<F> = F extends (...args: infer P) => infer R
  ? [ResultProblem<Awaited<R>>] extends [never]
    ? (...args: { [I in keyof P]: Received<P[I]> }) => R | Awaited<R>
    : CannotTravel<`of what it returns: ${ResultProblem<Awaited<R>>}`>
  : never

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
          : T extends ReadonlySet<unknown>
            ? CannotTravel<'what is marked with proxy() travels in objects, arrays and values of Maps, and not in a Set'>
            : T extends Unsendable
              ? CannotTravel<Problem<T, SignalLike>>
              : T extends readonly unknown[]
                ? { [I in keyof T]: Sent<T[I]> }
                : T extends ReadonlyMap<infer K, infer V>
                  ? ReadonlyMap<K, Sent<V>>
                  : T extends Iterable<infer V>
                    ? SentIterable<V>
                    : { [K in keyof T]: Sent<T[K]> } | ByReference<T>

/** What is iterated over can be anything that travels, and can be. */
type SentIterable<V> = [Problem<V, SignalLike>] extends [never]
  ? | readonly V[]
    | ReadonlySet<V>
    | (V extends readonly [infer Key, infer Value] ? ReadonlyMap<Key, Value> : never)
    | (string extends V ? string : never)
    | (number extends V ? ArrayBufferView & Iterable<number> : never)
  : readonly Sent<V>[]

type ByReference<T> = Members<T> & ProxyMarked

type Members<T> = {
  [K in keyof T]: T[K] extends AnyFunction ? Callback<T[K]> : IsPlain<T[K]> extends true ? Members<T[K]> : T[K]
}

type Sendable<Args extends readonly unknown[]> = { [I in keyof Args]: Sent<Args[I]> }

/** What returns the very object that it is a method of has nothing to tell. */
type RemoteSignature<Args extends readonly unknown[], R, Self> =
  IsSame<Awaited<R>, Self> extends true
    ? (...args: Sendable<Args>) => Promise<void>
    : [ResultProblem<Awaited<R>>] extends [never]
      ? (...args: Sendable<Args>) => RemoteResult<R>
      : CannotTravel<`of what it returns: ${ResultProblem<Awaited<R>>}`>

type IsSame<T, Self> =
  IsAny<T> extends true
    ? false
    : [T] extends [never]
      ? false
      : [T] extends [Self]
        ? [Self] extends [T]
          ? true
          : false
        : false

/** Of fewer signatures than a pattern has, those that there are match its last ones, and unknown arguments the others. */
type RemoteMethod<F, Self> = F extends {
  (...args: infer A1): infer R1
  (...args: infer A2): infer R2
  (...args: infer A3): infer R3
  (...args: infer A4): infer R4
}
  ? Overload<A1, R1, Self> & Overload<A2, R2, Self> & Overload<A3, R3, Self> & RemoteSignature<A4, R4, Self>
  : F extends {
        (...args: infer A1): infer R1
        (...args: infer A2): infer R2
        (...args: infer A3): infer R3
      }
    ? Overload<A1, R1, Self> & Overload<A2, R2, Self> & RemoteSignature<A3, R3, Self>
    : F extends { (...args: infer A1): infer R1; (...args: infer A2): infer R2 }
      ? Overload<A1, R1, Self> & RemoteSignature<A2, R2, Self>
      : F extends (...args: infer A) => infer R
        ? RemoteSignature<A, R, Self>
        : never

type Overload<Args extends readonly unknown[], R, Self> = unknown[] extends Args
  ? unknown
  : RemoteSignature<Args, R, Self>

type Callable<T> = (T extends AnyFunction ? RemoteMethod<T, never> : unknown) & RemoteMembers<T>

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

type IfCallable<Member, K> = [Member] extends [never] ? never : IsCallable<Member, []> extends true ? K : never

/** Whether it is a function, or has one in it; where that is not found out by `Deepest` levels it is taken to have. */
type IsCallable<Member, Depth extends readonly 0[]> = Member extends AnyFunction
  ? true
  : IsPlain<Member> extends true
    ? Depth['length'] extends Deepest
      ? true
      : true extends {
            [K in keyof Member & string]-?: IsAny<Member[K]> extends true
              ? never
              : [NonNullable<Member[K]>] extends [never]
                ? never
                : IsCallable<NonNullable<Member[K]>, [...Depth, 0]>
          }[keyof Member & string]
        ? true
        : false
    : false

type RemoteMembers<T> = {
  readonly [K in keyof T as CallableKey<T, K>]-?: NonNullable<T[K]> extends AnyFunction
    ? RemoteMethod<NonNullable<T[K]>, T>
    : RemoteMembers<NonNullable<T[K]>>
}
