/**
 * Draws what the operating system sees of an unload over time, beside a reference that is dropped: `node bench/unload/picture.ts` measures, keeps the figures in
 * bench/results/unload-timeline.jsonl and writes docs/figures/given-up.svg; with --drawn only draws what is kept.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { lineChart } from '../figures/line-chart.ts'
import { recordUnload, residentAt, ways } from './timeline.ts'
import type { Timeline, Way } from './timeline.ts'

const kept = new URL('../results/unload-timeline.jsonl', import.meta.url)
const figures = new URL('../../docs/figures/', import.meta.url)
const names: Record<Way, string> = {
  thread: 'in a thread',
  process: 'in a process',
  undefined: 'dropped in place',
}

/** s that are drawn of the time before, and measured after it. */
const lead = 3
const watched = 12

async function measured(): Promise<Timeline[]> {
  const timelines: Timeline[] = []
  for (const way of ways) timelines.push(await recordUnload(way, 300, watched))
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
const x = Array.from({ length: 4 * (lead + watched) + 1 }, (_, index) => index / 4)
const svg = lineChart({
  title: 'A cache of 300 MB is given up',
  unit: 'MB resident',
  xUnit: 's',
  x,
  lines: timelines.map((timeline) => ({
    label: names[timeline.way],
    // All of them are given up at the same place.
    values: x.map((second) => Math.round(residentAt(timeline, timeline.droppedAt + (second - lead) * 1_000) / 1e6)),
  })),
  events: [{ x: lead, label: 'given up' }],
})
await writeFile(new URL('given-up.svg', figures), svg)
for (const timeline of timelines) {
  const { way, filledAt, droppedAt, stall } = timeline
  const at = (time: number): string => (residentAt(timeline, time) / 1e6).toFixed(0)
  const after = [0, 1, 2, 5, 10].map((seconds) => `${seconds} s: ${at(droppedAt + seconds * 1_000)}`).join(', ')
  console.log(
    `${names[way]}: ${at(900)} MB before, ${at(filledAt + 1_900)} loaded; ${after}; longest stall ${stall.toFixed(0)} ms`,
  )
}
