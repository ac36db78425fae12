import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DiskTurns } from '../../../src/component/disk-turns.ts'
import { rejection, stall } from '../../support/coordinator.ts'

test('a caller with little time left says nothing about the disk: others who wait for the folder get their turn', async () => {
  const turns = new DiskTurns()
  const slow = Promise.withResolvers<void>()
  const impatient = rejection(turns.run('folder', 1, async () => slow.promise))
  const patient = ['first', 'second'].map(async (name) => turns.run('folder', 30_000, async () => name))
  expect(await impatient).toMatchObject({ message: expect.stringContaining('folder has not answered for') as string })
  const later = turns.run('folder', 30_000, async () => 'later')
  slow.resolve()
  expect(await Promise.all([...patient, later])).toEqual(['first', 'second', 'later'])
})

test('nor does it about a second folder, when that is all there may be under way', async () => {
  const turns = new DiskTurns()
  const slow = Promise.withResolvers<void>()
  const impatient = ['a', 'b'].map(async (folder) => rejection(turns.run(folder, 1, async () => slow.promise)))
  await Promise.all(impatient)
  const third = turns.run('c', 30_000, async () => 'done')
  slow.resolve()
  expect(await third).toBe('done')
})

test('work of many steps that stops when it is told leaves the folder to others', async () => {
  const turns = new DiskTurns()
  const steps = async (signal: AbortSignal): Promise<void> => {
    await turn()
    if (!signal.aborted) await steps(signal)
  }
  const long = rejection(turns.run('folder', 100, steps))
  expect(await turns.run('folder', 30_000, async () => 'done')).toBe('done')
  expect(await long).toBeInstanceOf(Error)
})

test('work that does not end when it is told makes the folder silent, until it does; a blocked main thread does not', async () => {
  const turns = new DiskTurns()
  const hanging = Promise.withResolvers<string>()
  const impatient = rejection(turns.run('folder', 10, async () => hanging.promise))
  const patient = rejection(turns.run('folder', 600_000, async () => 'never'))
  let refused = false
  void patient.then(() => (refused = true))
  await impatient
  await stall(1_500)
  await turn()
  expect(refused).toBe(false)
  const silent = { message: expect.stringContaining('the disk does not answer') as string }
  expect(await patient).toMatchObject(silent)
  expect(await rejection(turns.run('folder', 600_000, async () => 'never'))).toMatchObject(silent)
  hanging.resolve('')
  await turn()
  expect(await turns.run('folder', 30_000, async () => 'done')).toBe('done')
})
