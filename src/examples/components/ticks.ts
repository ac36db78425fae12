import { defineComponent } from '../../worker.ts'

const blockOf = (): Float64Array => new Float64Array(1024 ** 2 / 8).fill(100)

/** Ticks of one market, held in memory to be replayed: some at first, more as they are recorded. */
export default defineComponent((config: { megabytes: number }) => {
  const blocks = Array.from({ length: config.megabytes }, blockOf)
  return {
    mean: (): number => blocks.reduce((sum, block) => sum + (block[0] ?? 0), 0) / blocks.length,
    record(megabytes: number): number {
      for (let i = 0; i < megabytes; i++) blocks.push(blockOf())
      return blocks.length
    },
  }
})
