import { defineComponent } from '../../worker.ts'

/** Holds as many bytes as it is told to, and lets half of them go when it is asked to trim. */
export default defineComponent((config: { megabytes: number }, context) => {
  let blocks = Array.from({ length: config.megabytes }, (_, i) => new Uint8Array(1024 ** 2).fill(i))
  context.onPressure((level) => {
    if (level !== 'low') blocks = blocks.slice(0, Math.ceil(blocks.length / 2))
  })
  return {
    megabytes: (): number => blocks.length,
    grow(megabytes: number): number {
      for (let i = 0; i < megabytes; i++) blocks.push(new Uint8Array(1024 ** 2).fill(i))
      return blocks.length
    },
  }
})
