import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { measuredThread } from '../../src/host/measured-thread.ts'
import type { MeasuredTarget } from '../../src/memory/measure/measurement.ts'
import type { WorkerMemory } from '../../src/host/worker-memory.ts'
import { LONGEST_LOOK } from '../../src/memory/tuning.ts'
import { measurementOf } from '../support/fake-components.ts'
import { until } from '../support/coordinator.ts'

/** Does what it is told: `block` waits inside of a native call, `spin` works, for so many ms; after that it keeps so many MiB. */
const source = `
const { parentPort } = require('node:worker_threads')
const { spawnSync } = require('node:child_process')
const held = []
parentPort.on('message', ({ what, ms, mib = 0 }) => {
  if (what === 'block') spawnSync(process.execPath, ['-e', \`setTimeout(() => {}, \${ms})\`])
  const end = Date.now() + (what === 'spin' ? ms : 0)
  while (Date.now() < end);
  if (mib > 0) held.push(Buffer.alloc(mib * 1024 ** 2, 1))
  parentPort.postMessage('done')
})
parentPort.postMessage('ready')
`

class Target implements MeasuredTarget {
  readonly thread = new Worker(source, { eval: true })
  readonly worker = measuredThread(this.thread)
  readonly answers: WorkerMemory[] = []
  readonly events: ('answered' | 'late' | 'unchanged')[] = []

  readonly room = 0
  told(): void {}
  answered(memory: WorkerMemory): void {
    this.answers.push(memory)
    this.events.push('answered')
  }
  late(): void {
    this.events.push('late')
  }
  unchanged(): void {
    this.events.push('unchanged')
  }
  async next(): Promise<unknown> {
    return new Promise((resolve) => this.thread.once('message', resolve))
  }
  take(): string[] {
    return this.events.splice(0)
  }
}

let targets: Target[]
let measurement: ReturnType<typeof measurementOf>

beforeEach(async () => {
  targets = [new Target(), new Target(), new Target()]
  await Promise.all(targets.map(async (target) => target.next()))
  measurement = measurementOf(
    () => targets,
    () => performance.now(),
  )
})

afterEach(async () => {
  await Promise.all(targets.map(async ({ thread }) => thread.terminate()))
})

/** No worker may still be at the end of its start, nor have been of late. */
async function quiet(): Promise<void> {
  let tries = 0
  await until(async () => {
    await measurement.measureAll(5_000)
    // Whoever ran just before counts as running for that long.
    await sleep(LONGEST_LOOK)
    return measurement.look() === 0 || ++tries > 100
  })
  for (const target of targets) target.take()
}

describe('measuring', () => {
  test('all asks every worker, and has figures of each', async () => {
    await measurement.measureAll(5_000)
    for (const { events, answers } of targets) {
      expect(events).toEqual(['answered'])
      expect(answers[0]?.used).toBeGreaterThan(1024 ** 2)
      expect(answers[0]?.physical).toBeGreaterThanOrEqual(answers[0]?.used ?? Number.NaN)
      expect(answers[0]?.external).toBeGreaterThan(0)
    }
  })

  test('what has run asks nobody else', async () => {
    await quiet()
    const [busy] = targets
    busy?.thread.postMessage({ what: 'spin', ms: 20 })
    await busy?.next()
    await measurement.update(5_000)
    expect(targets.map((target) => target.take())).toEqual([['answered'], ['unchanged'], ['unchanged']])
    expect(targets.map((target) => measurement.isRunning(target))).toEqual([true, false, false])
    // It may have been measured in the middle of its turn; nobody else has had one.
    await until(async () => {
      await measurement.update(5_000)
      const [first, ...others] = targets.map((target) => target.take())
      expect(others).toEqual([['unchanged'], ['unchanged']])
      return first?.join() === 'unchanged'
    })
  })

  test('a look waits for nobody', async () => {
    await quiet()
    const [busy] = targets
    busy?.thread.postMessage({ what: 'spin', ms: 40 })
    await until(() => measurement.look() === 1)
    await until(() => busy?.events.includes('answered') === true)
    expect(busy?.events.filter((event) => event === 'late')).toEqual([])
  })

  test('what it did after it had answered is not missed when the answer comes late', async () => {
    await quiet()
    const [busy] = targets
    const external = (): number => (busy?.answers.at(-1)?.external ?? 0) / 1024 ** 2
    const before = external()
    busy?.thread.postMessage({ what: 'spin', ms: 100, mib: 40 })
    await until(() => measurement.look() === 1)
    // It answers in the middle of its work, does the rest, and rests; this thread has no time for any of it, and then looks before it listens.
    const end = performance.now() + 500
    while (performance.now() < end);
    const seen = (): number => {
      measurement.look()
      return external()
    }
    await expect.poll(seen).toBeGreaterThan(before + 39)
  })

  test('a blocked worker is late, delays nobody, and answers when it can', async () => {
    await quiet()
    const [blocked, ...others] = targets
    blocked?.thread.postMessage({ what: 'block', ms: 2_500 })
    await until(async () => {
      const start = performance.now()
      await measurement.measureAll(50)
      return performance.now() - start >= 45
    })
    // It has been asked, and is not asked again; so nobody waits for it from now on.
    for (const target of others) target.take()
    await until(() => {
      measurement.look()
      return blocked?.events.includes('late') === true
    })
    // Had each of these waited for it, it would be through long before the last.
    const before = blocked?.answers.length ?? 0
    for (let i = 0; i < 20; i++) await measurement.measureAll(200)
    expect(blocked?.answers).toHaveLength(before)
    // The last look's may be among them.
    for (const target of others)
      expect(target.take().filter((event) => event === 'answered').length).toBeGreaterThanOrEqual(20)
    await blocked?.next()
    await until(() => (blocked?.answers.length ?? 0) > before)
    expect(blocked?.events.at(-1)).toBe('answered')
  })

  test('a worker that is gone is neither measured nor waited for', async () => {
    const [gone] = targets
    await gone?.thread.terminate()
    // It would not answer for as long as this test may take.
    await measurement.measureAll(60_000)
    expect(targets.map((target) => target.take())).toEqual([[], ['answered'], ['answered']])
  })
})
