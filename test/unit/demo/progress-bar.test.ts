import { expect, test } from 'vitest'
import { ProgressBar } from '../../../src/demo/progress-bar.ts'

function record(stream: { isTTY?: boolean; columns?: number }): {
  stream: { write(text: string): void }
  written: string[]
} {
  const written: string[] = []
  return { written, stream: { ...stream, write: (text: string) => void written.push(text) } }
}

test('on a terminal one line is drawn anew, at most every 100 ms, and the end on a line of its own', () => {
  const { stream, written } = record({ isTTY: true })
  let now = 0
  const bar = new ProgressBar({ label: 'Import', total: 2_000_000, stream, now: () => now })
  bar.update(0)
  now = 50
  bar.update(100)
  now = 1000
  bar.update(500_000)
  now = 4000
  bar.finish()
  bar.finish()
  bar.update(5)
  bar[Symbol.dispose]()
  expect(written).toEqual([
    '\rImport [------------------------]   0% 0 rows/s, in 0.0 s\u001b[K',
    '\rImport [######------------------]  25% 500.0k rows/s, 3.0 s left\u001b[K',
    '\rImport [########################] 100% 500.0k rows/s, in 4.0 s\u001b[K',
    '\n',
  ])
})

test('elsewhere there is a line for every tenth, and one at the end', () => {
  const { stream, written } = record({})
  let now = 0
  using bar = new ProgressBar({ label: 'CSV', total: 1000, unit: 'bytes', stream, now: () => now })
  for (let value = 5; value <= 1000; value += 5) {
    now += 500
    bar.update(value)
  }
  bar.finish()
  expect(written).toHaveLength(10)
  expect(written[0]).toBe('CSV  10% 10 bytes/s, 1 min 30 s left\n')
  expect(written[8]).toBe('CSV  90% 10 bytes/s, 10 s left\n')
  expect(written[9]).toBe('CSV 100% 10 bytes/s, in 1 min 40 s\n')
})

test('a jump over several tenths is one line', () => {
  const { stream, written } = record({})
  const bar = new ProgressBar({ label: 'x', total: 10, stream, now: () => 0 })
  for (const value of [0, 7, 7, 7.5, 10]) bar.update(value)
  expect(written.map((line) => line.slice(2, 6))).toEqual([' 70%'])
})

test('never wraps on a narrow terminal', () => {
  const { stream, written } = record({ isTTY: true, columns: 30 })
  const bar = new ProgressBar({ label: 'A long label', total: 1, stream, now: () => 0 })
  bar.update(1)
  expect(written[0]).toBe(`\r${'A long label [################'.slice(0, 29)}\u001b[K`)
})

test('work that fails leaves the bar where it was', () => {
  const terminal = record({ isTTY: true })
  const file = record({})
  for (const { stream } of [terminal, file]) {
    using bar = new ProgressBar({ label: 'x', total: 4, stream, now: () => 0 })
    bar.update(2)
  }
  expect(terminal.written.at(-2)).toContain(' 50%')
  expect(terminal.written.at(-1)).toBe('\n')
  expect(file.written).toHaveLength(1)
})

test('nothing to do is done at once', () => {
  const { stream, written } = record({})
  new ProgressBar({ label: 'x', total: 0, stream, now: () => 0 }).finish()
  expect(written).toEqual(['x 100% 0 rows/s, in 0.0 s\n'])
})
