import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isInvalidOptionsError } from '../../../src/contract/errors.ts'
import type { CsvImportOptions } from '../../../src/services/historical-data/api.ts'
import { rows } from '../../../src/services/historical-data/candles.ts'
import { isCsvLineError } from '../../../src/services/historical-data/errors.ts'
import type { ImportProgress } from '../../../src/services/historical-data/import-progress.ts'
import { DAY, MINUTE, candles, drain, open, tempDir, utc } from './harness.ts'

const T = utc('2024-01-01')
const HEADER = 'date,open,high,low,close,volume'
const DAILY: CsvImportOptions = { symbol: 'A', interval: '1d' }

function csv(content: string): string {
  const file = join(tempDir(), 'candles.csv')
  writeFileSync(file, content)
  return file
}

const line = (day: number, close = 11): string =>
  `${new Date(T + day * DAY).toISOString().slice(0, 10)},10,12,9,${close},5`
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => line(i))
/** What an open file's number stands for; the number of the listing itself is gone by now. */
function linkTarget(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

const last = (all: ImportProgress[]): ImportProgress => all.at(-1)!

test('the S&P 500 since 2000: every line as it is in the file', async () => {
  const file = join(import.meta.dirname, '../../../node_modules/vega-datasets/data/sp500-2000.csv')
  const { api } = await open()
  const progress = last(await drain(api.importCsv(file, { symbol: 'SPX', interval: '1d' })))
  const size = readFileSync(file).length
  expect(progress).toEqual({
    bytes: size,
    totalBytes: size,
    rows: 5105,
    skipped: 0,
    inserted: 5105,
    updated: 0,
    badLines: [],
    done: true,
  })
  const expected = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((text) => {
      const [date, open, high, low, close, , volume] = text.split(',')
      return { time: Date.parse(date!), open: +open!, high: +high!, low: +low!, close: +close!, volume: +volume! }
    })
  expect([...rows(await api.getHistoricalData('SPX', 0, utc('2100-01-01'), '1d'))]).toEqual(expected)
  const january = await api.getHistoricalData('SPX', utc('2008-10-01'), utc('2008-11-01'), '1M')
  const october = expected.filter(({ time }) => time >= utc('2008-10-01') && time < utc('2008-11-01'))
  expect([...rows(january)]).toEqual([
    {
      time: utc('2008-10-01'),
      open: october[0]!.open,
      high: Math.max(...october.map(({ high }) => high)),
      low: Math.min(...october.map(({ low }) => low)),
      close: october.at(-1)!.close,
      volume: october.reduce((sum, { volume }) => sum + volume, 0),
    },
  ])
  expect(last(await drain(api.importCsv(file, { symbol: 'SPX', interval: '1d' })))).toMatchObject({
    rows: 5105,
    inserted: 0,
    updated: 0,
    done: true,
  })
})

describe('what a file may look like', () => {
  const expected = [
    { time: T, open: 10, high: 12, low: 9, close: 11, volume: 5 },
    { time: T + DAY, open: 11, high: 13, low: 10, close: 12, volume: 6 },
  ]
  test.each([
    [
      'columns in another order, upper case, spaces, extra ones',
      ' Volume ,CLOSE,"Adj, Close",Low,High,Open,DATE\n5,11,0,9,12,10,2024-01-01\n6,12,x,10,13,11,2024-01-02',
    ],
    [
      'CRLF, a byte order mark, quoted fields',
      '\uFEFFdate,open,high,low,close,volume\r\n"2024-01-01","10","12","9","11","5"\r\n"2024-01-02",11,13,10,12,6\r\n',
    ],
    ['epoch seconds', 'time,open,high,low,close,volume\n1704067200,10,12,9,11,5\n1704153600,11,13,10,12,6'],
    [
      'epoch milliseconds',
      'timestamp,open,high,low,close,volume\n1704067200000,10,12,9,11,5\n1704153600000,11,13,10,12,6',
    ],
    ['newest first', 'date,open,high,low,close,volume\n2024-01-02,11,13,10,12,6\n2024-01-01,10,12,9,11,5'],
    [
      'a timestamp beside a date',
      'date,timestamp,open,high,low,close,volume\n1/1,1704067200,10,12,9,11,5\n1/2,1704153600,11,13,10,12,6',
    ],
    [
      'offsets',
      'time,open,high,low,close,volume\n2024-01-01T01:00+01:00,10,12,9,11,5\n2024-01-01T19:00-05:00,11,13,10,12,6',
    ],
    ['empty lines', '\n\ndate,open,high,low,close,volume\n\n2024-01-01,10,12,9,11,5\n\n2024-01-02,11,13,10,12,6\n\n\n'],
    [
      'the same time twice: the later line counts',
      `${HEADER}\n2024-01-01,1,1,1,1,1\n2024-01-01,10,12,9,11,5\n2024-01-02,11,13,10,12,6`,
    ],
  ])('%s', async (_, content) => {
    const { api } = await open()
    const progress = last(await drain(api.importCsv(csv(content), DAILY)))
    expect(progress).toMatchObject({ inserted: 2, skipped: 0, done: true, bytes: Buffer.byteLength(content) })
    expect([...rows(await api.getHistoricalData('A', 0, 2 * T, '1d'))]).toEqual(expected)
  })

  test('a header and nothing else', async () => {
    const { api } = await open()
    expect(last(await drain(api.importCsv(csv(HEADER), DAILY)))).toMatchObject({ rows: 0, inserted: 0, done: true })
    expect(await api.listSymbols()).toEqual([])
  })
})

describe('a bad header', () => {
  test.each([
    ['date,open,high,low,close', 'the header lacks volume; it has: date, open, high, low, close'],
    ['when,open,high,lo,close,volume', 'lacks timestamp or time or date, low; it has: when, open'],
    ['2024-01-01,10,12,9,11,5', 'lacks timestamp or time or date, open, high, low, close, volume'],
    ['date,open,high,low,close,volume,Close', 'the header has column "close" twice'],
    ['', 'there is no header'],
    ['\n\n', 'there is no header'],
    ['"date,open', 'there is no header'],
  ])('%j: %s', async (header, message) => {
    const { api } = await open()
    const file = csv(header && `${header}\n`)
    for (const onError of ['abort', 'skip'] as const) {
      const error: unknown = await drain(api.importCsv(file, { ...DAILY, onError })).catch((e: unknown) => e)
      expect(isCsvLineError(error) && [error.file, error.line]).toEqual([file, 1])
      expect((error as Error).message).toContain(message)
    }
  })
})

describe('a bad line', () => {
  const bad: [string, string][] = [
    ['2024-01-02,10,12,9,11', 'has 5 fields where the header has 6'],
    ['2024-01-02,10,12,9,11,1,234', 'has 7 fields where the header has 6'],
    ['2024-01-02,10,x,9,11,5', 'high "x" is not a number'],
    ['2024-01-02,10,12,9,,5', 'close "" is not a number'],
    ['2024-01-02,10,12,9,null,5', 'close "null" is not a number'],
    ['02/01/2024,10,12,9,11,5', 'time "02/01/2024" is not ISO 8601, or whole epoch seconds or milliseconds'],
    ['2024-01-02T00:01,10,12,9,11,5', 'is not the start of a 1d bar'],
    ['2024-01-02,10,10.5,9,11,5', 'high 10.5 is below close 11'],
    ['2024-01-02,10,12,9,11,-5', 'volume -5 is not a finite number from 0 up'],
    ['"2024-01-02,10,12,9,11,5', 'a quote in it is never closed'],
    ['"2024-01-02"x,10,12,9,11,5', 'has text after the closing quote of field 1'],
  ]
  const fileWith = (text: string): string => csv([HEADER, line(0), text, line(2), line(3), ''].join('\r\n'))

  test.each(bad)('aborts: %s', async (text, reason) => {
    const { api } = await open()
    const file = fileWith(text)
    const error: unknown = await drain(api.importCsv(file, { ...DAILY, batchSize: 1 })).catch((e: unknown) => e)
    expect(isCsvLineError(error) && { file: error.file, line: error.line, reason: error.reason }).toEqual({
      file,
      line: 3,
      reason: expect.stringContaining(reason) as string,
    })
    expect(error).toMatchObject({
      name: 'CsvLineError',
      message: expect.stringContaining(`${file}, line 3: `) as string,
    })
    expect(await api.listSymbols(), 'nothing of the file is stored').toEqual([])
  })

  test.each(bad)('is left out and reported: %s', async (text, reason) => {
    const { api } = await open()
    const all = await drain(api.importCsv(fileWith(text), { ...DAILY, onError: 'skip' }))
    expect(last(all)).toMatchObject({ rows: 3, skipped: 1, inserted: 3, done: true })
    expect(last(all).badLines).toEqual([{ line: 3, reason: expect.stringContaining(reason) as string }])
    expect((await api.getHistoricalData('A', T, T + 9 * DAY, '1d')).length).toBe(3)
  })

  test('20 of many are reported, and all counted', async () => {
    const { api } = await open()
    const file = csv([HEADER, ...Array.from({ length: 50 }, () => 'oops'), line(0), 'oops'].join('\n'))
    const progress = last(await drain(api.importCsv(file, { ...DAILY, onError: 'skip', batchSize: 7 })))
    expect(progress).toMatchObject({ rows: 1, skipped: 51, inserted: 1 })
    expect(progress.badLines.map((each) => each.line)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2))
  })
})

describe('all or nothing', () => {
  const half = [HEADER, ...lines(10), 'oops'].join('\n')

  test('with "abort" and atomic: false, the batches before the bad line stay', async () => {
    const { api } = await open()
    const stream = api.importCsv(csv(half), { ...DAILY, atomic: false, batchSize: 4 })
    await expect(drain(stream)).rejects.toSatisfy(isCsvLineError)
    expect((await api.listSymbols())[0]?.count).toBe(8)
  })

  test('until an atomic import is done, others read what was there before, and cannot write', async () => {
    let now = 0
    // Every look at the clock is 100 ms later: progress after every batch.
    const { api } = await open({ timeout: 20 }, { now: () => (now += 100) })
    await api.storeCandles('A', '1d', candles(T, '1d', 1))
    const stream = api.importCsv(csv([HEADER, ...lines(12)].join('\n')), { ...DAILY, batchSize: 4 })
    expect((await stream.next()).value).toMatchObject({ rows: 4, inserted: 3, updated: 1, done: false })
    expect((await api.getHistoricalData('A', T, T + 9 * DAY, '1d')).volume).toEqual(Float64Array.of(1))
    await expect(api.storeCandles('A', '1d', candles(T, '1d', 1))).rejects.toThrow(
      /locked by an import under way, or another process/,
    )
    const rest = await drain(stream)
    expect(last(rest)).toMatchObject({ rows: 12, inserted: 11, updated: 1, done: true })
    expect((await api.getHistoricalData('A', T, T + 99 * DAY, '1d')).length).toBe(12)
    expect(await api.storeCandles('A', '1d', candles(T + 50 * DAY, '1d', 1))).toMatchObject({ inserted: 1 })
  })

  test.each([
    [true, undefined],
    [false, 4],
  ])('ending the iteration early ends the import; atomic: %s leaves %s rows', async (atomic, count) => {
    let now = 0
    const { api } = await open({ timeout: 20 }, { now: () => (now += 100) })
    for await (const _ of api.importCsv(csv([HEADER, ...lines(12)].join('\n')), { ...DAILY, atomic, batchSize: 4 }))
      break
    expect((await api.listSymbols())[0]?.count).toBe(count)
    expect(await api.storeCandles('B', '1d', candles(T, '1d', 1)), 'nothing is locked').toMatchObject({ inserted: 1 })
  })

  test('an unload ends the import with its reason', async () => {
    let now = 0
    const { api, unloading } = await open({}, { now: () => (now += 100) })
    const stream = api.importCsv(csv([HEADER, ...lines(12)].join('\n')), { ...DAILY, batchSize: 4 })
    await stream.next()
    unloading.abort(new Error('unloading'))
    await expect(stream.next()).rejects.toThrow('unloading')
    expect(await api.listSymbols()).toEqual([])
  })

  test.runIf(process.platform === 'linux')('closing the service under an import gives back what it holds', async () => {
    let now = 0
    const { api, path } = await open({}, { now: () => (now += 100) })
    const openFiles = (): string[] => readdirSync('/proc/self/fd').map(linkTarget)
    const file = csv([HEADER, ...lines(12)].join('\n'))
    const stream = api.importCsv(file, { ...DAILY, batchSize: 4 })
    await stream.next()
    expect(openFiles()).toContain(file)
    api[Symbol.dispose]()
    expect(openFiles()).not.toContain(file)
    expect(openFiles()).not.toContain(path)
    await expect(stream.next()).rejects.toThrow('was ended: the service was closed')
    const again = await open({ path })
    expect(await again.api.listSymbols()).toEqual([])
  })
})

describe('progress', () => {
  test('comes at most every 100 ms, rises, and ends with done', async () => {
    let now = 0
    const { api } = await open({}, { now: () => (now += 26) })
    const content = [HEADER, ...lines(100)].join('\n')
    const all = await drain(api.importCsv(csv(content), { ...DAILY, batchSize: 1 }))
    // A look at the clock per batch, of 100: every fourth is 104 ms after the last report.
    expect(all).toHaveLength(26)
    expect(all.map(({ done }) => done)).toEqual([...Array.from({ length: 25 }, () => false), true])
    expect(all.map(({ rows }) => rows)).toEqual([...Array.from({ length: 25 }, (_, i) => (i + 1) * 4), 100])
    for (const [i, { bytes, totalBytes }] of all.entries()) {
      expect(totalBytes).toBe(content.length)
      expect(bytes).toBeGreaterThanOrEqual(all[i - 1]?.bytes ?? 0)
    }
    expect(last(all).bytes).toBe(content.length)
  })

  test('other work has its turn after every batch', async () => {
    const { api } = await open()
    let turns = 0
    let going = true
    const count = (): void => {
      turns++
      if (going) setImmediate(count)
    }
    setImmediate(count)
    await drain(api.importCsv(csv([HEADER, ...lines(50)].join('\n')), { ...DAILY, batchSize: 1 }))
    going = false
    expect(turns).toBeGreaterThanOrEqual(50)
  })

  test('memory is bounded by the batch, and files of several buffers are read whole', async () => {
    const { api } = await open()
    const count = 30_000
    const stored = candles(T, '1m', count)
    const content = [
      'time,open,high,low,close,volume',
      ...stored.map((c) => `${c.time / 1000},${c.open},${c.high},${c.low},${c.close},${c.volume}`),
    ].join('\n')
    const options = { symbol: 'A', interval: '1m', batchSize: 999 } as const
    expect(last(await drain(api.importCsv(csv(content), options)))).toMatchObject({ inserted: count })
    expect([...rows(await api.getHistoricalData('A', T, T + count * MINUTE, '1m'))]).toEqual(stored)
  })
})

describe('bad arguments', () => {
  test.each<[string, unknown]>([
    ['symbol', { interval: '1d' }],
    ['interval', { symbol: 'A' }],
    ['batchSize', { ...DAILY, batchSize: 0 }],
    ['batchSize', { ...DAILY, batchSize: 1.5 }],
    ['onError', { ...DAILY, onError: 'ignore' }],
    ['atomic', { ...DAILY, atomic: 'yes' }],
    ['options', undefined],
  ])('%s is named', async (option, options) => {
    const { api } = await open()
    const error: unknown = await drain(api.importCsv(csv(HEADER), options as CsvImportOptions)).catch((e: unknown) => e)
    expect(isInvalidOptionsError(error) && error.option).toBe(option)
  })

  test('a file that is none', async () => {
    const { api } = await open()
    const dir = tempDir()
    mkdirSync(join(dir, 'sub'))
    execFileSync('mkfifo', [join(dir, 'pipe')])
    for (const file of ['', join(dir, 'missing.csv'), join(dir, 'sub'), join(dir, 'pipe')]) {
      const error: unknown = await drain(api.importCsv(file, DAILY)).catch((e: unknown) => e)
      expect(isInvalidOptionsError(error) && error.option).toBe('file')
    }
  })
})
