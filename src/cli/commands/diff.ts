import { createReadStream } from 'node:fs'
import { messageOf } from '../../contract/describe-value.ts'
import { bytes, count } from '../../dashboard/page/format.js'
import { difference, summarise } from '../../dashboard/page/heap-diff.js'
import { misused, numberBetween, parseCommand } from '../arguments.ts'
import { CliError, exitCodes } from '../exit-codes.ts'
import type { ExitCode } from '../exit-codes.ts'
import { note, print, printJson, tableLines } from '../output.ts'

export const diffUsage = `spillway diff <before> <after> [options]

What grew from one heap snapshot to the next, by constructor, most first. COUNT: how many more there are. BYTES: what these take themselves. HOLDS: that, and
what nothing else leads to: their strings, lists, maps, buffers and plain objects.

  --top <n>   so many rows, 20
  --json      all of it as JSON, bytes
  --help
`

/** Bytes that are read at once. */
const chunk = 1024 ** 2

/** @throws CliError */
export async function runDiff(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = parseCommand('diff', args, { top: { type: 'string', default: '20' } })
  if (values.help) {
    process.stdout.write(diffUsage)
    return exitCodes.ok
  }
  const [first, second, ...more] = positionals
  if (first === undefined || second === undefined || more.length > 0) {
    throw misused('diff', `it takes two heap snapshots, and was given ${positionals.length}`)
  }
  const most = numberBetween('diff', 'top', values.top, 1, 1_000_000)
  const [before, after] = [await summaryOf(first), await summaryOf(second)]
  const all = difference(before, after, Number.MAX_SAFE_INTEGER)
  const isShrunk = after.bytes < before.bytes && all.filter(({ bytes: more }) => more < 0).length > all.length / 2
  const rows = (isShrunk ? all.toSorted((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes)) : all).slice(0, most)
  if (isShrunk) note('More has shrunk than grown: the second file seems to be the older one')
  if (values.json) {
    const sums = (of: typeof before): object => ({ bytes: of.bytes, objects: of.objects })
    printJson({ before: sums(before), after: sums(after), grown: rows })
    return exitCodes.ok
  }
  print(
    `${bytes(before.bytes)} in ${count(before.objects)} objects, then ${bytes(after.bytes)} in ${count(after.objects)}: ${signed(after.bytes - before.bytes, bytes)}`,
  )
  if (rows.length === 0) print('Nothing grew, and nothing shrank.')
  else {
    const columns = [
      { heading: 'CONSTRUCTOR' },
      ...['COUNT', 'BYTES', 'HOLDS'].map((heading) => ({ heading, align: 'right' as const })),
    ]
    const cells = rows.map((row) => [
      row.name,
      signed(row.count, count),
      signed(row.bytes, bytes),
      signed(row.held, bytes),
    ])
    print(...tableLines(columns, cells))
  }
  return exitCodes.ok
}

async function summaryOf(file: string): ReturnType<typeof summarise> {
  try {
    return await summarise(createReadStream(file, { highWaterMark: chunk }))
  } catch (error) {
    throw new CliError(`${file}: ${messageOf(error)}`, exitCodes.failed, { cause: error })
  }
}

function signed(value: number, words: (value: number) => string): string {
  return value > 0 ? `+${words(value)}` : words(value).replace('-', '−')
}
