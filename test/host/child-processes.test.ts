import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { processStat } from '../../src/base/process-stat.ts'
import { ChildProcesses } from '../../src/host/child-processes.ts'

it('a process that has the id of one that is over is left alone', async () => {
  const children = new ChildProcesses(() => false)
  const { pid } = process
  const started = processStat(pid)?.started ?? 0
  children.heard({ started: { pid, command: 'another', started: started - 1 } })
  expect(await children.end(() => expect.unreachable())).toEqual([])
})

it('one that is running is ended, once, however often that is asked for', async () => {
  const child = spawn('sleep', ['1000'])
  const { pid = 0 } = child
  const children = new ChildProcesses(() => false)
  children.heard({ started: { pid, command: 'sleep', started: processStat(pid)?.started } })
  const exit = once(child, 'exit')
  let told = 0
  const ended = await Promise.all([children.end(() => told++), children.end(() => told++)])
  expect(ended.map((each) => each.map((one) => one.pid))).toEqual([[pid], [pid]])
  expect([told, await exit]).toEqual([1, [null, 'SIGTERM']])
  expect(await children.end(() => told++)).toEqual([])
})

it('one whose start is not known is ended as well', async () => {
  const child = spawn('sleep', ['1000'])
  const { pid = 0 } = child
  const children = new ChildProcesses(() => false)
  children.heard({ started: { pid, command: 'sleep', started: undefined } })
  child.once('exit', () => children.heard({ ended: pid }))
  expect(await children.end(() => {})).toHaveLength(1)
  expect(child.signalCode).toBe('SIGTERM')
})
