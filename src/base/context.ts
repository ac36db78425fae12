import { AsyncLocalStorage } from 'node:async_hooks'

/** Runs a function in an asynchronous context that was kept, and returns what it returns. What it starts stays in that context. */
export type InContext = <R>(run: () => R) => R

/**
 * The asynchronous context of whoever calls this. Timers, ports and promises carry the context they were made in; those of the runtime are made in
 * one that was kept, or the first request that needed them would show in everything that comes later, and never be collected.
 */
export function keepContext(): InContext {
  return AsyncLocalStorage.snapshot()
}
