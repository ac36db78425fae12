import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineComponent } from '../../../src/worker.ts'
import type { Hoard } from './hoard.ts'
import { writeModel } from './onnx-model.ts'

interface Session {
  run(inputs: Record<string, unknown>): Promise<unknown>
}
interface Onnx {
  InferenceSession: { create(path: string): Promise<Session> }
  Tensor: new (type: 'float32', data: Float32Array, dims: number[]) => unknown
}

/** A session whose model holds as many weights, run once. */
export default defineComponent(async (): Promise<Hoard> => {
  const name = 'onnxruntime-node'
  const { InferenceSession, Tensor } = ((await import(name)) as { default: Onnx }).default
  const sessions: Session[] = []
  return {
    async hold(mib) {
      const path = join(tmpdir(), `spillway-bench-${process.pid}-${sessions.length}.onnx`)
      writeModel(path, (mib * 1024 ** 2) / 4)
      const session = await InferenceSession.create(path)
      rmSync(path)
      await session.run({ x: new Tensor('float32', new Float32Array(1), [1]) })
      sessions.push(session)
    },
  }
})
