import sharp from 'sharp'
import { defineComponent } from '../../worker.ts'

export interface ChartSize {
  readonly width: number
  readonly height: number
}

/** Draws with libvips: native code, whose bugs and whose memory no thread keeps to itself. */
export default defineComponent(({ width, height }: ChartSize) => ({
  /** A line through the values, as PNG. */
  async line(values: readonly number[]): Promise<Uint8Array> {
    const [low, high] = [Math.min(...values), Math.max(...values)]
    const points = values.map(
      (value, i) => `${(i * width) / (values.length - 1)},${height * (1 - (value - low) / (high - low))}`,
    )
    const image = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
      <rect width="100%" height="100%" fill="white"/><polyline points="${points.join(' ')}" fill="none" stroke="black"/></svg>`
    return sharp(Buffer.from(image)).png().toBuffer()
  },
  pid: (): number => process.pid,
  /** What a bug in native code comes to. */
  crash: (): void => void process.kill(process.pid, 'SIGSEGV'),
}))
