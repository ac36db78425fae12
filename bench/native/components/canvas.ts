import { defineComponent } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'

interface Canvas {
  /** Its pixels; what was painted before is done by then. */
  data(): Buffer
  getContext(kind: '2d'): { fillStyle: string; fillRect(x: number, y: number, width: number, height: number): void }
}

const side = 2_048

/** Canvases of 16 MiB, painted. */
export default defineComponent(async (): Promise<Hoard> => {
  const name = '@napi-rs/canvas'
  const { createCanvas } = (await import(name)) as { createCanvas: (width: number, height: number) => Canvas }
  const held: Canvas[] = []
  return {
    async hold(mib) {
      for (let made = 0; made < mib; made += (side * side * 4) / 1024 ** 2) {
        const canvas = createCanvas(side, side)
        const context = canvas.getContext('2d')
        context.fillStyle = `rgb(${made % 256}, 100, 50)`
        context.fillRect(0, 0, side, side)
        canvas.data()
        held.push(canvas)
      }
    },
  }
})
