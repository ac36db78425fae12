import { expect, it } from 'vitest'
import { Viewer } from '../../../src/live/viewer.ts'

const MiB = 1024 ** 2

/** A viewer of whom a test says what waits to be sent, and what time it is. */
function scene(): { viewer: Viewer; at: (seconds: number, waiting: number) => string } {
  let now = 0
  const response = { writableLength: 0, write: () => true }
  const viewer = new Viewer(response as never, () => now)
  viewer.write(Buffer.alloc(10 * MiB))
  return {
    viewer,
    at: (seconds, waiting) => {
      now = seconds * 1_000
      response.writableLength = waiting
      return viewer.look()
    },
  }
}

it('gets ticks while little waits, none while much does, and a snapshot once it has caught up', () => {
  const { at } = scene()
  expect(at(1, 0)).toBe('reading')
  expect(at(2, MiB)).toBe('reading')
  expect(at(3, MiB + 1)).toBe('behind')
  expect(at(4, 1)).toBe('behind')
  expect(at(5, 0)).toBe('caught up')
  expect(at(6, 0)).toBe('reading')
})

it('is ended when nothing was sent any more for 30 s, however little waits', () => {
  const { at, viewer } = scene()
  expect(at(1, 100)).toBe('reading')
  viewer.write(Buffer.alloc(100))
  expect(at(2, 200)).toBe('reading')
  expect(at(30.9, 200)).toBe('reading')
  expect(at(31, 200)).toBe('stalled')
})

it('is not ended while something is sent, unless it is behind for a minute', () => {
  const { at } = scene()
  expect(at(1, 5 * MiB)).toBe('behind')
  expect(at(25, 4 * MiB)).toBe('behind')
  expect(at(50, 3 * MiB)).toBe('behind')
  expect(at(60.9, 2 * MiB)).toBe('behind')
  expect(at(61, MiB)).toBe('stalled')
})
