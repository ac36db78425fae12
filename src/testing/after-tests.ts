import { AsyncResource } from 'node:async_hooks'
import { queueMicrotask, setImmediate } from '../base/timers.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import { liveCoordinators } from '../observability/live-coordinators.ts'
import { leftOfCoordinator, noteTidied } from './nothing-left.ts'

/** ms for the shutdown of what a test file has left. */
const deadline = 1_000

/**
 * A coordinator that a test forgot keeps the runner from ending, as calls in flight, leases and open streams keep any process. So what is there when all
 * tests of the file are over is shut down, with a warning that says where it was made.
 */
export function tidyAfterTests(): void {
  // That of jest, mocha, and vitest with globals.
  const { afterAll, after } = globalThis as { readonly afterAll?: unknown; readonly after?: unknown }
  const hook = afterAll ?? after
  if (typeof hook === 'function') {
    try {
      hook(shutdownLeftovers)
    } catch {
      // Imported in the middle of a test, where they take no hooks: it is as without.
    }
  } else if (isRunByNode()) afterNodeTests()
  else if (isNodeTestLoaded()) {
    // Run as a program, a file is a test of node:test from its first test on; who only uses the mocks would be told of 0 tests.
    queueMicrotask(() => {
      if (hasNodeTests()) afterNodeTests()
      else setImmediate(() => hasNodeTests() && afterNodeTests()).unref()
    })
  }
}

async function shutdownLeftovers(): Promise<void> {
  const left = Array.from(liveCoordinators())
  await Promise.all(
    left.map(async (live) => {
      const { coordinator, madeAt } = live
      if (!(coordinator instanceof ComponentCoordinator) || coordinator.isShutdown) return
      // Hooks of the test file may come after this one.
      noteTidied(leftOfCoordinator(live))
      process.emitWarning(`A coordinator was not shut down by its test: it was made at ${madeAt}`, {
        type: 'SpillwayWarning',
        code: 'SPILLWAY_LEFT_BY_TEST',
      })
      await coordinator.shutdown({ deadline })
    }),
  )
}

function afterNodeTests(): void {
  const { after } = process.getBuiltinModule('node:test')
  // Whoever imports this in the middle of a test does not mean the end of that test.
  new AsyncResource('spillway.testing', { triggerAsyncId: 0 }).runInAsyncScope(() => after(shutdownLeftovers))
}

/** By `node --test`, in a process for each file or in one for all. */
function isRunByNode(): boolean {
  const isAsked = process.env['NODE_TEST_CONTEXT'] !== undefined || process.execArgv.includes('--test')
  return isAsked && isNodeTestLoaded()
}

/** Asked of what is loaded: to load node:test in another runner would have it run, and report, a test of its own. */
function isNodeTestLoaded(): boolean {
  const { moduleLoadList = [] } = process as { readonly moduleLoadList?: readonly string[] }
  return moduleLoadList.includes('NativeModule internal/test_runner/harness')
}

/** From its first test on it listens for the end of the process. */
function hasNodeTests(): boolean {
  return process.listeners('beforeExit').some(({ name }) => name === 'exitHandler')
}
