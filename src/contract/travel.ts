import type { ProxyMarked } from 'comlink'
import type { TransferHandled } from './transfer-handled.ts'

/**
 * In place of a method whose result cannot travel, or of what cannot be given: nothing has this type, and what the compiler says of it tells why.
 */
export interface CannotTravel<Why extends string> {
  readonly [why]: Why
}
/** In place of what is refused for another reason. */
export interface Refused<Why extends string> {
  readonly [why]: Why
}
declare const why: unique symbol

export type AnyFunction = (...args: never[]) => unknown
export type IsAny<T> = 0 extends 1 & T ? true : false

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
export type Deepest = 4

export type BufferLike = Uint8Array & { readonly readUInt32LE: AnyFunction; readonly swap32: AnyFunction }
export type SignalLike = { readonly aborted: boolean; readonly throwIfAborted: AnyFunction; readonly onabort: unknown }
type UrlLike = { readonly href: string; readonly searchParams: object }

/** What in a value cannot travel as it is; never: nothing. @param Also what can, besides. */
export type Problem<T, Also, Depth extends readonly 0[] = []> =
  IsAny<T> extends true
    ? never
    : T extends ProxyMarked | Also
      ? never
      : T extends BufferLike
        ? 'a Buffer arrives as a Uint8Array: let its type say so'
        : T extends Whole
          ? never
          : T extends AnyFunction
            ? 'a function travels where it is marked with proxy()'
            : T extends symbol
              ? 'a symbol cannot travel'
              : T extends UrlLike
                ? 'a URL cannot travel: its href can'
                : T extends SignalLike
                  ? 'an AbortSignal travels as an argument of a call, and in no other direction'
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
                                  ? {
                                      [K in keyof T & (string | number)]-?: Problem<T[K], Also, [...Depth, 0]>
                                    }[keyof T & (string | number)]
                                  : never

/** What there is one form of, and that does not travel. */
export type Unsendable =
  | symbol
  | BufferLike
  | UrlLike
  | ReadonlySet<unknown>
  | AsyncIterable<unknown>
  | PromiseLike<unknown>

/** A config as it is given: what cannot travel can only be left out. It is cloned; nothing in it is passed by reference, or moves. */
export type Given<T> =
  IsAny<T> extends true
    ? T
    : [Problem<T, never>] extends [never]
      ? T
      : T extends AnyFunction
        ? CannotTravel<'a function cannot travel in a config'>
        : T extends Unsendable | SignalLike
          ? CannotTravel<Problem<T, never>>
          : T extends ReadonlyMap<infer K, infer V>
            ? ReadonlyMap<K, Given<V>>
            : { [K in keyof T]: Given<T[K]> }
