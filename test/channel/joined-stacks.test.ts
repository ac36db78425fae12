import { describe, expect, it } from 'vitest'
import { withCallOptions } from '../../src/index.ts'
import { sharedCoordinator, sink } from '../support/coordinator.ts'
import type { KitchenSink } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const remote = coordinator.registerComponent<KitchenSink>(sink('stacks'))

// So many calls at once that not each of them captures its own stack.
const many = 50

async function awaitingCaller(): Promise<unknown> {
  const answer = await remote.throwError()
  return answer
}

async function returningCaller(): Promise<unknown> {
  const passOn = async (): Promise<unknown> => remote.throwError()
  const answer = await passOn()
  return answer
}

async function catchingCaller(): Promise<unknown> {
  const error: unknown = await remote.throwError().catch((reason: unknown) => reason)
  throw error
}

async function settlingCaller(): Promise<unknown> {
  const [result] = await Promise.allSettled([remote.throwError()])
  if (result.status === 'rejected') throw result.reason
  return undefined
}

async function waitingCaller(): Promise<unknown> {
  const answer = await withCallOptions(remote, { timeout: 200 }).sleep(1_000)
  return answer
}

async function stacksOf(caller: () => Promise<unknown>): Promise<string[]> {
  const results = await Promise.allSettled(Array.from({ length: many }, caller))
  return results.map((result) => (result.status === 'rejected' ? String((result.reason as Error).stack) : 'fulfilled'))
}

describe('of many calls at once each one that fails', () => {
  it.each([awaitingCaller, returningCaller, catchingCaller, settlingCaller])('names its caller: %o', async (caller) => {
    for (const stack of await stacksOf(caller)) {
      expect(stack).toMatch(/^OrderError: no such order\n/)
      expect(stack).toContain('at throwError() of component "stacks"')
      expect(stack).toContain(`${caller.name} (`)
    }
  })

  it('names it when it timed out as well', async () => {
    for (const stack of await stacksOf(waitingCaller)) {
      expect(stack).toMatch(/^CallTimeoutError: Call of sleep\(\)/)
      expect(stack).toContain('waitingCaller (')
    }
  })

  it('leaves what the caller aborted with as it was', async () => {
    const reason = new Error('enough')
    const { stack } = reason
    const abort = new AbortController()
    const { sleep } = withCallOptions(remote, { signal: abort.signal })
    const calls = Array.from({ length: many }, () => sleep(1_000))
    abort.abort(reason)
    for (const result of await Promise.allSettled(calls)) expect(result).toEqual({ status: 'rejected', reason })
    expect(reason.stack).toBe(stack)
  })
})

it('a call that nobody awaits names its caller too, unless there are many', async () => {
  await remote.add(1, 1)
  function forget(): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    remote.throwError().catch(resolve)
    return promise
  }
  expect(((await forget()) as Error).stack).toMatch(/at (Module\.)?forget/)
})

it('has nothing between where the method threw and where it was called', async () => {
  async function onlyCaller(): Promise<unknown> {
    const answer = await remote.throwError()
    return answer
  }
  const error = (await onlyCaller().catch((reason: unknown) => reason)) as Error
  const [, ...frames] = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  expect(error.stack).toContain('kitchen-sink.ts')
  expect(frames.findIndex((line) => line.includes('of component "stacks"'))).toBeLessThan(2)
  expect(frames.filter((line) => line.includes('/src/channel/') || line.includes('node:internal'))).toEqual([])
  expect(error.stack).toContain('onlyCaller')
})
