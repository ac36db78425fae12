import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { RelayFigures } from './measure.ts'
import type front from './spillway-front.ts'

/** Has a worker measure its calls of another one. */
export type Relay = (width: number, time: number) => Promise<RelayFigures>

/** Of those who have a way from one worker to another. */
export const relays: Readonly<Record<string, () => Promise<Relay>>> = {
  spillway: spillwayRelay,
  worker: () => channelRelay('bare'),
  comlink: () => channelRelay('comlink'),
}

/** Two components, one of which depends on the other. */
async function spillwayRelay(): Promise<Relay> {
  const { ComponentCoordinator } = await import('spillway')
  const coordinator = new ComponentCoordinator({ spareWorkers: 0 })
  coordinator.registerComponent({ name: 'back', module: new URL('../work.js', import.meta.url) })
  const remote = coordinator.registerComponent<typeof front>({
    name: 'front',
    module: new URL('spillway-front.ts', import.meta.url),
    dependencies: ['back'],
  })
  return (width, time) => remote.measure(width, time)
}

/** Two workers with the ends of a MessageChannel. */
async function channelRelay(kind: 'bare' | 'comlink'): Promise<Relay> {
  const { port1, port2 } = new MessageChannel()
  const start = (end: 'front' | 'back', port: typeof port1): Worker =>
    new Worker(new URL(`${kind}-${end}.ts`, import.meta.url), { workerData: { port }, transferList: [port] })
  start('back', port2)
  const front = start('front', port1)
  return async (width, time) => {
    const answer = once(front, 'message')
    front.postMessage([width, time])
    const [figures] = (await answer) as [RelayFigures]
    return figures
  }
}
