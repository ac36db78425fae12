import { AsyncResource } from 'node:async_hooks'
import { clearTimeout, queueMicrotask, setImmediate, setTimeout } from '../base/timers.ts'
import { ComponentCoordinator } from '../coordinator.ts'
import { liveCoordinators } from '../observability/live-coordinators.ts'
import { whenLeft } from './nothing-left.ts'

/** ms for the shutdown of what a test file has left. */
const deadline = 1_000
/** ms for the hooks of a test file that come after ours, where nobody tells that they are done. Guessed: they take seconds in all. */
const patience = 10_000
/** ms for them once one has found that something is left: it fails, and the runner calls no other one. */
const afterFailure = 200

type Register = (hook: () => unknown) => unknown

/**
 * A coordinator that a test forgot keeps the runner from ending, as calls in flight, leases and open streams keep any process. So what is there when all
 * tests of the file and its own hooks are over is shut down, with a warning that says where it was made.
 */
export function tidyAfterTests(): void {
  // That of jest, mocha, and vitest with globals.
  const { afterAll, after } = globalThis as { readonly afterAll?: unknown; readonly after?: unknown }
  const hook = afterAll ?? after
  if (tidyAfterJest()) return
  if (typeof hook === 'function') tidyAfterHooks(hook as Register)
  else if (isRunByNode()) tidyAfterNodeTests()
  else if (isNodeTestLoaded()) {
    // Run as a program, a file is a test of node:test from its first test on; who only uses the mocks would be told of 0 tests.
    queueMicrotask(() => {
      if (hasNodeTests()) tidyAfterNodeTests()
      else setImmediate(() => hasNodeTests() && tidyAfterNodeTests()).unref()
    })
  }
}

async function shutdownLeftovers(): Promise<void> {
  const left = Array.from(liveCoordinators())
  await Promise.all(
    left.map(async ({ coordinator, madeAt }) => {
      if (!(coordinator instanceof ComponentCoordinator) || coordinator.isShutdown) return
      process.emitWarning(`A coordinator was not shut down by its test: it was made at ${madeAt}`, {
        type: 'SpillwayWarning',
        code: 'SPILLWAY_LEFT_BY_TEST',
      })
      await coordinator.shutdown({ deadline })
    }),
  )
}

/**
 * Hooks are called in the order in which they were registered, and those of the file, which may use a coordinator of theirs to the last, are registered
 * after this one: so this only registers another one, which is the last. Where that cannot be, or a hook fails and the rest is not called, time tells.
 */
function tidyAfterHooks(register: Register): void {
  const begin = async (): Promise<void> => {
    // Of vitest's hooks the first is called last.
    if (isLastOfVitest()) return shutdownLeftovers()
    let timer = setTimeout(() => void shutdownLeftovers(), patience).unref()
    whenLeft(() => {
      clearTimeout(timer)
      timer = setTimeout(() => void shutdownLeftovers(), afterFailure).unref()
    })
    try {
      register(async () => {
        clearTimeout(timer)
        await shutdownLeftovers()
      })
    } catch {
      // It takes none once the tests have begun.
    }
  }
  try {
    register(begin)
  } catch {
    // Imported in the middle of a test, where they take no hooks: it is as without.
  }
}

function tidyAfterNodeTests(): void {
  const { after } = process.getBuiltinModule('node:test')
  // Whoever imports this in the middle of a test does not mean the end of that test.
  tidyAfterHooks((hook) =>
    new AsyncResource('spillway.testing', { triggerAsyncId: 0 }).runInAsyncScope(() => after(hook)),
  )
}

/** Jest takes no hooks once the tests have begun, but tells who listens of the end of a file, and waits for them. */
function tidyAfterJest(): boolean {
  const handlers = (globalThis as Readonly<Record<symbol, unknown>>)[Symbol.for('EVENT_HANDLERS')]
  if (!Array.isArray(handlers)) return false
  handlers.push(async ({ name }: { readonly name: string }) => {
    if (name === 'run_finish') await shutdownLeftovers()
  })
  return true
}

function isLastOfVitest(): boolean {
  const { __vitest_worker__: worker } = globalThis as {
    readonly __vitest_worker__?: { readonly config?: { readonly sequence?: { readonly hooks?: string } } }
  }
  return worker?.config?.sequence?.hooks === 'stack'
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
