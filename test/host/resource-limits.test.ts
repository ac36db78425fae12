import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { defaultResourceLimits, limitThatDidNotTake } from '../../src/host/resource-limits.ts'
import { runChild } from '../support/child.ts'

const workers: Worker[] = []
afterEach(async () => {
  await Promise.all(workers.splice(0).map(async (worker) => worker.terminate()))
})

async function started(resourceLimits: object): Promise<Worker> {
  const worker = new Worker('setInterval(() => {}, 1_000)', { eval: true, resourceLimits })
  workers.push(worker)
  await new Promise((resolve) => worker.once('online', resolve))
  return worker
}

describe('the limits of a worker', () => {
  it('are a backstop by default: four times what sampling allows', () => {
    const mib = 1024 ** 2
    expect(defaultResourceLimits(100 * mib)).toEqual({ maxOldGenerationSizeMb: 400, maxYoungGenerationSizeMb: 16 })
    expect(defaultResourceLimits(mib)).toMatchObject({ maxOldGenerationSizeMb: 16 })
  })

  it.each([
    { maxOldGenerationSizeMb: 64 },
    { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
    { maxOldGenerationSizeMb: 4096, maxYoungGenerationSizeMb: 16 },
    { maxOldGenerationSizeMb: 300, maxYoungGenerationSizeMb: 1 },
    {},
  ])('that took are no cause for a warning: %j', async (limits) => {
    expect(await limitThatDidNotTake(await started(limits), limits)).toBeUndefined()
  })

  it('are warned of where a process-wide flag overrides them', async () => {
    const source = `
const logger = pino({ level: 'warn' })
const coordinator = new ComponentCoordinator({ logger })
await coordinator.registerComponent(sink('a', { resourceLimits: { maxOldGenerationSizeMb: 64 } })).add(1, 1)
// Asked after the limits were, and answered after them.
await coordinator.memory.sample()
await coordinator.shutdown()
`
    const overridden = await runChild(source, { execArgv: ['--max-old-space-size=300'] })
    expect(overridden).toMatchObject({ code: 0, stdout: expect.stringContaining('--max-old-space-size') as string })
    expect(JSON.parse(overridden.stdout.split('\n')[0] ?? '')).toMatchObject({
      level: 40,
      component: 'a',
      advice: 'ignored-limit:a',
    })
    expect(await runChild(source)).toMatchObject({ code: 0, stdout: '' })
  })
})
