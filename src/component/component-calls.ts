import { monotonicNow } from '../base/monotonic.ts'
import type { ComponentCalls } from '../contract/component-calls.ts'
import type { Component } from './component.ts'
import { ServedLog } from './served-log.ts'

/** What its calls failed with last, whoever made them, as far as its workers have told: they do within a second of a failure. Undefined: they have not failed. */
export function lastErrorOf({ copies }: Component): string | undefined {
  const errors = copies.flatMap(({ usage, generation }) => [
    ...usage.served.all.errors,
    ...(generation?.served.errors ?? []),
  ])
  const last = errors.toSorted((a, b) => a.time - b.time).at(-1)
  return last && `${last.name}: ${last.message}`
}

/**
 * Who calls it, and what failed last. What a generation has not told before it crashed is missing.
 *
 * @param deadline ms that its workers have to answer; who is late is taken at his last word.
 */
export async function callsOf({ copies }: Component, deadline: number): Promise<ComponentCalls> {
  const log = new ServedLog()
  const told = copies.map(async ({ state, usage, generation }) => {
    const before = usage.served.all
    return [before, state.status === 'ready' && generation ? await generation.askServed(deadline) : generation?.served]
  })
  for (const served of (await Promise.all(told)).flat()) if (served) log.add(served)
  const { callers, errors } = log.all
  const shift = Date.now() - monotonicNow()
  return {
    callers: callers
      .filter(({ calls }) => calls > 0)
      .map(({ name = null, calls, errors: failed, lastCall }) => {
        return { name, calls, errors: failed, lastCall: lastCall > 0 ? Math.round(lastCall + shift) : null }
      })
      .sort((a, b) => b.calls - a.calls),
    lastErrors: errors
      .toSorted((a, b) => b.time - a.time)
      .map(({ time, from = null, code = null, ...error }) => ({
        ...error,
        time: Math.round(time + shift),
        from,
        code,
      })),
  }
}
