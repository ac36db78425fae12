import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { tableRows, section } from '../../bench/figures/markdown.ts'
import { defaultMemoryOptions } from '../../src/memory/options.ts'
import { readPage, sourceOf } from './page.ts'

const page = await readPage('docs/memory.md')
const decision = section(page, 'How a decision is made')
const run = promisify(execFile)
const reasonsToStay = async (): Promise<string[]> => {
  const type = await sourceOf(/^export type KeptReason =([^]*?)\n\n/m)
  return [...type.matchAll(/'([\w-]+)'/g)].map(([, reason = '']) => reason)
}

it('the thresholds of docs/memory.md and of the README are those of the code', async () => {
  const { lowThreshold, mediumThreshold, highThreshold, criticalThreshold } = defaultMemoryOptions
  const thresholds = { lowThreshold, mediumThreshold, highThreshold, criticalThreshold }
  for (const text of [decision, await readPage('README.md')]) {
    const stated = tableRows(text).flatMap((cells) => {
      const row = cells.slice(0, 2).join(' ').replaceAll('`', '')
      const name = /\w+Threshold/.exec(row)?.[0]
      return name === undefined ? [] : [[name, Number(/[\d.]+/.exec(row)?.[0])] as const]
    })
    expect(Object.fromEntries(stated)).toEqual(thresholds)
  }
})

it('every reason for which a component stays is told of', async () => {
  const reasons = await reasonsToStay()
  const told = tableRows(decision).map(([reason = '']) => reason.replaceAll('`', ''))
  expect(told).toEqual(expect.arrayContaining(reasons))
})

it('the lines of a log that are shown are lines that the example writes, but for the numbers', async () => {
  const shown = [...section(page, 'Decisions, line by line').matchAll(/^```json\n(.*)\n```$/gm)].map(
    ([, line = '']) => JSON.parse(line) as Line,
  )
  expect(shown.length).toBeGreaterThan(5)

  const { stderr } = await run(process.execPath, ['src/examples/run.ts', 'memory-pressure'], {
    cwd: new URL('../../', import.meta.url),
    env: { ...process.env, SPILLWAY_LOG_LEVEL: 'info' },
    timeout: 60_000,
  })
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  // No field is there twice, pino's own included.
  for (const line of lines) expect(JSON.stringify(JSON.parse(line))).toBe(line)
  const written = new Set(lines.map((line) => shapeOf(withoutPinos(JSON.parse(line) as Line))))
  expect(shown.filter((line) => !written.has(shapeOf(line)))).toEqual([])

  const reasons = await reasonsToStay()
  expect(shown.flatMap(({ kept = [] }) => kept).filter(({ reason }) => !reasons.includes(reason))).toEqual([])
})

interface Line {
  readonly msg: string
  readonly kept?: readonly { readonly reason: string }[]
  readonly [field: string]: unknown
}

function withoutPinos(line: Line): Line {
  const pinos = ['level', 'time', 'pid', 'hostname', 'name']
  return { ...Object.fromEntries(Object.entries(line).filter(([field]) => !pinos.includes(field))), msg: line.msg }
}

/** Its message, and for which reason: with the names of its fields, in order, and of theirs. */
function shapeOf(line: Line): string {
  const shape = (value: unknown): unknown => {
    // Of names there may be any number, none as well.
    if (Array.isArray(value)) return typeof value[0] === 'object' ? [shape(value[0])] : 'names'
    if (typeof value !== 'object' || value === null) return typeof value
    return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, shape(each)]))
  }
  return JSON.stringify([line.msg, line['reason'], shape(line)])
}
