import { readFile } from 'node:fs'
import { expect, test } from 'vitest'
import type { DefinitionOf, Remote } from '../../src/index.ts'
import { rejection, sharedCoordinator, until } from '../support/coordinator.ts'
import { recordingLogger } from '../support/hibernating.ts'
import { inProcessOf } from '../support/processes.ts'
import type { InProcess } from '../support/processes.ts'
import { standStill } from '../support/stand-still.ts'

const { logger, logged } = recordingLogger()
const coordinator = sharedCoordinator({ logger })
const register = (name: string, more: Partial<DefinitionOf<InProcess>> = {}): Remote<InProcess> =>
  coordinator.registerComponent<InProcess>(inProcessOf(name, more))
const told = (line: string): boolean =>
  logged.some((each) => each.msg === 'told' && 'line' in each && each.line === line)

test('an error is told without what cannot go to another process, wherever it is thrown', async () => {
  const remote = register('fails')
  const thrown = await rejection(remote.fail())
  expect(thrown).toMatchObject({ name: 'RangeError', message: 'not done', code: 'E_NEAR' })
  expect(thrown).not.toHaveProperty('memory')
  expect(await rejection(remote.failLater())).toMatchObject({
    code: 'ERR_COMPONENT_CRASHED',
    reason: 'error',
    cause: { name: 'RangeError', message: 'not caught', code: 'E_NEAR' },
  })
  expect(await rejection(register('is not begun', { config: { fails: true } }).pid())).toMatchObject({
    code: 'ERR_COMPONENT_LOAD',
    cause: { name: 'RangeError', message: 'not begun', code: 'E_NEAR' },
  })
})

test('a line is logged without what cannot go to another process', async () => {
  const remote = register('logs')
  await remote.logUnportable('without')
  await until(() => told('without'))
  expect(coordinator.info('logs').crashes).toBe(0)
})

test('what is logged right before the end is told', async () => {
  expect(await rejection(register('leaves').logAndExit('last'))).toMatchObject({ reason: 'exit', exitCode: 3 })
  await until(() => told('last'))
})

test('all that was said before the end arrives, also where nobody could listen at that moment', async () => {
  const remote = register('says much')
  await remote.pid()
  const calls = [remote.answerAndFail(5_000_000), rejection(remote.never())] as const
  await new Promise((resolve) => setImmediate(resolve))
  // It has failed by then, and the end of its answer is not read.
  standStill(1_000)
  const [answer, never] = await Promise.all(calls)
  expect(answer).toHaveLength(5_000_000)
  expect(never).toMatchObject({ reason: 'error', cause: { message: 'after its answer' } })
})

test('what was said before the end arrives, also where something is sent to who is gone before it is read', async () => {
  const remote = register('is written to')
  await remote.pid()
  const failed = rejection(remote.failIn(500))
  await new Promise((resolve) => setImmediate(resolve))
  const sent = await new Promise<Promise<unknown>>((resolve) => {
    // What is sent here leaves before anything is read again.
    readFile(import.meta.filename, () => {
      resolve(rejection(remote.never()))
      standStill(1_500)
    })
  })
  const end = { reason: 'error', cause: { message: 'after a while' } }
  expect(await Promise.all([failed, sent])).toMatchObject([end, end])
})
