import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'

const script = (end: string): string => `
const told = []
const logger = { level: 'warn', child: () => logger, info() {}, error() {}, debug() {}, trace() {}, fatal() {},
  // On a busy machine there may be other things to warn of.
  warn(fields, message) { if (fields.takenAt) { console.log(JSON.stringify({ ...fields, message })); told.push(fields) } } }
const coordinator = new ComponentCoordinator({ logger, spareWorkers: 0 })
coordinator.registerComponent(sink('a'))
async function forgetful() { return coordinator.acquire('a') }
const lease = await forgetful()
${end}
`
/** Ends the process so many ms after it was told of one: nothing else would. */
const endsAfter = (ms: number): string => `
const over = setInterval(() => {
  if (told.length === 0) return
  clearInterval(over)
  setTimeout(() => process.exit(), ${ms}).unref()
}, 50).unref()`

test.concurrent('a lease that is all that keeps the process alive is told of once, with the place where it was taken', async () => {
  const { stdout } = await runChild(script(endsAfter(11_000)))
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ component: 'a', takenAt: expect.stringContaining('forgetful') as string })
})

test.concurrent('so is one whose component has crashed, or was unloaded, meanwhile', async () => {
  const { stdout } = await runChild(script(`await coordinator.unloadComponent('a', { deadline: 0 })${endsAfter(0)}`))
  expect(stdout).toContain('forgetful')
})

test.concurrent('one that was given back, or beside which something else goes on, is not', async () => {
  const other = await runChild(
    script(`;(await coordinator.acquire('a')).release()
const timer = setInterval(() => {}, 1_000)
setTimeout(() => { clearInterval(timer); lease.release() }, 12_000)`),
  )
  expect(other).toMatchObject({ code: 0, stdout: '' })
})

test.concurrent('each of several is told of, also with coordinators of their own; and none after its shutdown', async () => {
  const { code, stdout } = await runChild(
    script(`const other = new ComponentCoordinator({ logger, spareWorkers: 0 })
other.registerComponent(sink('b'))
await other.acquire('b')
const over = new ComponentCoordinator({ logger, spareWorkers: 0 })
over.registerComponent(sink('c'))
await over.acquire('c')
await over.shutdown()
coordinator.registerComponent(sink('d'))
await coordinator.acquire('d')
await coordinator.unregisterComponent('d')
const both = setInterval(() => {
  if (told.length < 2) return
  clearInterval(both)
  // Time for the others to be told of as well.
  setTimeout(async () => { await coordinator.shutdown(); await other.shutdown() }, 5_000).unref()
}, 50).unref()`),
  )
  expect(code).toBe(0)
  const told = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { component: string }).component)
  expect(told.toSorted()).toEqual(['a', 'b'])
})

test.concurrent('one is not told of while anything is under way in another component', async () => {
  const busy = await runChild(
    script(`coordinator.registerComponent(sink('b'))
await coordinator.component('b').sleep(12_000)
lease.release()`),
  )
  expect(busy).toMatchObject({ code: 0, stdout: '' })
})

test.concurrent('it is told of in a process with an IPC channel, and in a thread', async () => {
  const { stdout } = await runChild(
    `import { Worker } from 'node:worker_threads'
import { fork } from 'node:child_process'
const file = '${fileURLToPath(new URL('../fixtures/forgotten-lease.ts', import.meta.url))}'
const thread = new Worker(file, { execArgv: [] })
const child = fork(file, { execArgv: [] })
const told = await Promise.all([thread, child].map((from) => new Promise((resolve) => from.once('message', resolve))))
console.log(told.join(', '))
child.kill()
await thread.terminate()`,
    { deadline: 40_000 },
  )
  expect(stdout).toBe('in a thread, in a process\n')
})
