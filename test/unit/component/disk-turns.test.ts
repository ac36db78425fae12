import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DiskTurns } from '../../../src/component/disk-turns.ts'
import { rejection, stall } from '../../support/coordinator.ts'

test('a caller with little time left says nothing about the disk: others who wait for the folder get their turn', async () => {
  const turns = new DiskTurns()
  const impatient = rejection(turns.run('folder', 1, async () => sleep(300)))
  const patient = ['first', 'second'].map(async (name) => turns.run('folder', 30_000, async () => name))
  expect(await impatient).toMatchObject({ message: expect.stringContaining('folder has not answered for') as string })
  const later = turns.run('folder', 30_000, async () => 'later')
  expect(await Promise.all([...patient, later])).toEqual(['first', 'second', 'later'])
})

test('nor does it about a second folder, when that is all there may be under way', async () => {
  const turns = new DiskTurns()
  const impatient = ['a', 'b'].map(async (folder) => rejection(turns.run(folder, 1, async () => sleep(300))))
  await Promise.all(impatient)
  expect(await turns.run('c', 30_000, async () => 'done')).toBe('done')
})

test('work of many steps that stops when it is told leaves the folder to others', async () => {
  const turns = new DiskTurns()
  const steps = async (signal: AbortSignal): Promise<void> => {
    await sleep(40)
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
  await sleep(50)
  expect(refused).toBe(false)
  const silent = { message: expect.stringContaining('the disk does not answer') as string }
  expect(await patient).toMatchObject(silent)
  expect(await rejection(turns.run('folder', 600_000, async () => 'never'))).toMatchObject(silent)
  hanging.resolve('')
  await sleep(0)
  expect(await turns.run('folder', 30_000, async () => 'done')).toBe('done')
})
