/** The process that rounds run in; whoever started it is told of each over its channel, and of what became of it. */
import { parseArgs } from 'node:util'
import { catalogue } from './catalogue.ts'
import type { RoundAndAfter } from './round.ts'
import { Rounds } from './rounds.ts'
import type { World } from './world.ts'

export type FromChild =
  | { readonly type: 'began'; readonly seed: number }
  | { readonly type: 'step'; readonly name: string }
  | { readonly type: 'done'; readonly report: RoundAndAfter }

const { values } = parseArgs({
  options: {
    seed: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    only: { type: 'string' },
    but: { type: 'string' },
    steps: { type: 'string' },
    all: { type: 'boolean' },
    trace: { type: 'boolean' },
  },
})
const names = (list: string | undefined): string[] | undefined => list?.split(';').map((name) => name.trim())

const tell = async (message: FromChild): Promise<void> =>
  new Promise((resolve) => {
    if (process.send) process.send(message, () => resolve())
    else resolve()
  })

const actions = catalogue({ only: names(values.only), all: values.all ?? false })
const but = new Set(names(values.but))
const [first = 0, last = Number.POSITIVE_INFINITY] = values.steps?.split('-').map(Number) ?? []
const rounds = new Rounds(actions, {
  began: (world) => {
    if (values.trace) trace(world)
  },
  step: ({ action }) => void tell({ type: 'step', name: action.name }),
  // What is left out leaves the rest as it is.
  leaveOut: ({ action }, index) => but.has(action.name) || index < first || index > last,
})

/** The seeds that were named, and then, from the last one on, one after the other. */
function* seeds(): Generator<number> {
  const named = (values.seed ?? ['1']).map(Number)
  yield* named
  for (let next = (named.at(-1) ?? 0) + 1; ; next++) yield next
}

let left = Number(values.rounds ?? Number.POSITIVE_INFINITY)
let over = false
let done = false
process.on('message', (message) => {
  if (message === 'enough') over = true
})
// Whoever started it is gone.
process.once('disconnect', () => {
  if (!done) process.exit(1)
})
for (const seed of seeds()) {
  if (over || left-- <= 0) break
  await tell({ type: 'began', seed })
  await tell({ type: 'done', report: await rounds.run(seed) })
}
done = true
process.disconnect?.()

function trace(world: World): void {
  const say = (line: string): void =>
    void process.stdout.write(`${performance.now().toFixed(0).padStart(8)}  ${line}\n`)
  world.trace = say
  world.coordinator.on('load', ({ name, generation }) => say(`* ${name} ${generation} loaded`))
  world.coordinator.on('unload', ({ name, generation, reason }) => say(`* ${name} ${generation} unloaded: ${reason}`))
  world.coordinator.on('crash', ({ name, generation, reason }) => say(`* ${name} ${generation} crashed: ${reason}`))
}
