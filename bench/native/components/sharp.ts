import { defineComponent } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'

interface Image {
  resize(width: number, height: number, options: object): Image
  blur(sigma: number): Image
  jpeg(): Image
  raw(): Image
  toBuffer(): Promise<Buffer>
}
interface Sharp {
  (input: Buffer, options: object): Image
  cache(options: object): void
}

/** Images decoded and enlarged, several at a time; what libvips caches stays. */
export default defineComponent(async (): Promise<Hoard> => {
  const name = 'sharp'
  const { default: sharp } = (await import(name)) as { default: Sharp }
  sharp.cache({ memory: 1_024, items: 1_000 })
  const side = 1_024
  const noise = Buffer.from(Uint8Array.from({ length: side * side * 3 }, () => Math.random() * 256))
  const held: Buffer[] = []
  return {
    async hold(mib) {
      for (let made = 0; made < mib; made += 16) {
        const image = sharp(noise, { raw: { width: side, height: side, channels: 3 } })
        held.push(
          await image
            .resize(2 * side, 2 * side, { kernel: 'lanczos3' })
            .blur(3)
            .jpeg()
            .toBuffer(),
        )
      }
    },
  }
})
