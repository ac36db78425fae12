/**
 * Draws what the operating system sees of an unload over time, beside a reference that is dropped: `node bench/unload/picture.ts` measures, keeps the figures in
 * bench/results/unload-timeline.jsonl and writes docs/figures/unload-light.svg and unload-dark.svg; with --drawn only draws what is kept.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { timeChart } from './time-chart.ts'
import { recordUnload, ways } from './timeline.ts'
import type { Timeline, Way } from './timeline.ts'

const kept = new URL('../results/unload-timeline.jsonl', import.meta.url)
const figures = new URL('../../docs/figures/', import.meta.url)
const names: Record<Way, string> = {
  thread: 'a component is unloaded',
  process: 'one in a process',
  undefined: 'cache = undefined, main thread',
}

/** s that are drawn of the time before. */
const lead = 3

/** Without the points in the middle of level lines. */
function bends(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return points.filter(([, y], index) => y !== points[index - 1]?.[1] || y !== points[index + 1]?.[1])
}

async function measured(): Promise<Timeline[]> {
  const timelines: Timeline[] = []
  for (const way of ways) timelines.push(await recordUnload(way, 300, 12))
  await mkdir(new URL('.', kept), { recursive: true })
  await writeFile(kept, `${timelines.map((each) => JSON.stringify(each)).join('\n')}\n`)
  return timelines
}

const timelines = process.argv.includes('--drawn')
  ? (await readFile(kept, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Timeline)
  : await measured()
for (const scheme of ['light', 'dark'] as const) {
  const svg = timeChart(
    {
      title: 'A cache of 300 MB is given up',
      unit: 'MB resident',
      axis: 's',
      // All of them are given up at the same place.
      series: timelines.map(({ way, samples, droppedAt }) => ({
        name: names[way],
        points: bends(
          samples
            .map(([time, bytes]) => [(time - droppedAt) / 1_000 + lead, Math.round(bytes / 1e6)] as const)
            .filter(([time]) => time >= 0),
        ),
      })),
      marks: [{ x: lead, label: 'given up' }],
    },
    scheme,
  )
  await writeFile(new URL(`unload-${scheme}.svg`, figures), svg)
}
for (const { way, samples, filledAt, droppedAt, stall } of timelines) {
  const at = (time: number): string =>
    ((samples.findLast(([when]) => when <= time)?.[1] ?? Number.NaN) / 1e6).toFixed(0)
  const after = [0, 1, 2, 5, 10].map((seconds) => `${seconds} s: ${at(droppedAt + seconds * 1_000)}`).join(', ')
  console.log(
    `${names[way]}: ${at(900)} MB before, ${at(filledAt + 1_900)} loaded; ${after}; longest stall ${stall.toFixed(0)} ms`,
  )
}
