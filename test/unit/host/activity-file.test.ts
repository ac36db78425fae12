import { monotonicNow } from '../../../src/base/monotonic.ts'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { ActivityMeter } from '../../../src/channel/activity.ts'
import { ActivityFile, WrittenRecord } from '../../../src/host/process/activity-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'spillway-activity-'))
afterAll(() => rmSync(folder, { recursive: true }))

function opened(folders?: readonly string[]): { readonly file: ActivityFile; readonly meter: ActivityMeter } {
  const file = new ActivityFile(folders)
  onTestFinished(() => file.close())
  return { file, meter: new ActivityMeter(new WrittenRecord(file.fd), () => {}) }
}

test('that its event loop turns is seen at once, also when nothing else has changed', () => {
  const { file, meter } = opened()
  meter.turned(7)
  expect(file.read()).toMatchObject({ heard: 7, turnedAt: expect.any(Number) as number })
  meter.turned(8)
  expect(file.read().heard).toBe(8)
})

test('the deadline of a call is seen before it is run, also when it has waited since it came', async () => {
  const { file, meter } = opened()
  meter.callStarted(monotonicNow())
  await Promise.resolve()
  expect(file.read()).toMatchObject({ active: 1, deadline: 0 })
  meter.callBegins(12_345)
  expect(file.read().deadline).toBe(12_345)
})

test('what a process says that it holds is seen at once', () => {
  const { file, meter } = opened()
  meter.reportProcess(1_000, 20)
  expect(file.read()).toMatchObject({ resident: 1_000, worked: 20 })
})

test('is what it was when it was closed', () => {
  const { file, meter } = opened()
  meter.turned(1)
  file.close()
  file.close()
  expect(file.read().heard).toBe(1)
})

test('is where there is room for it, and leaves no name', () => {
  const { file, meter } = opened([join(folder, 'nowhere'), folder])
  meter.turned(1)
  expect(file.read().heard).toBe(1)
  expect(readdirSync(folder)).toEqual([])
  expect(() => new ActivityFile([join(folder, 'nowhere')])).toThrow('ENOENT')
})
