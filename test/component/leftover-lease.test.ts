import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'

const script = (end: string): string => `
const told = []
const logger = { level: 'warn', child: () => logger, info() {}, error() {}, debug() {}, trace() {}, fatal() {},
  warn(fields, message) { console.log(JSON.stringify({ ...fields, message })) } }
const coordinator = new ComponentCoordinator({ logger, spareWorkers: 0 })
coordinator.registerComponent(sink('a'))
async function forgetful() { return coordinator.acquire('a') }
const lease = await forgetful()
${end}
`

test('a lease that is all that keeps the process alive is told of once, with the place where it was taken', async () => {
  const { stdout } = await runChild(script(''), { deadline: 24_000 })
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ component: 'a', takenAt: expect.stringContaining('forgetful') as string })
})

test('so is one whose component has crashed, or was unloaded, meanwhile', async () => {
  const { stdout } = await runChild(script("await coordinator.unloadComponent('a', { deadline: 0 })"), {
    deadline: 24_000,
  })
  expect(stdout).toContain('forgetful')
})

test('one that was given back, or beside which something else goes on, is not', async () => {
  const given = await runChild(script('lease.release()'))
  expect(given).toMatchObject({ code: 0, stdout: '' })
  const other = await runChild(
    script(`const timer = setInterval(() => {}, 1_000)
setTimeout(() => { clearInterval(timer); lease.release() }, 12_000)`),
  )
  expect(other).toMatchObject({ code: 0, stdout: '' })
})
