import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { expectNothingLeft } from '../../src/testing/index.ts'
import { ComponentCoordinator } from '../../src/index.ts'
import { fixture, quietCoordinator, rejection, silent, sink } from '../support/coordinator.ts'
import type tested from '../fixtures/tested.ts'

let coordinator: ComponentCoordinator
afterEach(async () => {
  await coordinator.shutdown({ deadline: 100 })
})

const file = /nothing-left\.test\.ts:\d+:\d+/
const now = { within: 0 }
const messageOf = async (promise: Promise<unknown>): Promise<string> => ((await rejection(promise)) as Error).message
function setUp(more: object = {}) {
  coordinator = quietCoordinator()
  return coordinator.registerComponent<typeof tested>({ name: 'tested', module: fixture('tested.ts'), ...more })
}

describe('expectNothingLeft', () => {
  it('is content where all coordinators are shut down', async () => {
    const remote = setUp()
    await remote.next()
    await coordinator.shutdown()
    await expect(expectNothingLeft()).resolves.toBeUndefined()
    await expect(expectNothingLeft(coordinator)).resolves.toBeUndefined()
  })

  it('names a coordinator that is not shut down, where it was made, and what is loaded in it', async () => {
    const remote = setUp({ isolation: 'process' })
    await remote.next()
    const error = await rejection(expectNothingLeft(undefined, now))
    expect(error).toMatchObject({ name: 'AssertionError', code: 'ERR_ASSERTION' })
    const { message } = error as Error
    expect(message).toMatch(/^left over:\n- a coordinator that is not shut down, made at quietCoordinator /)
    expect(message).toContain(`"tested": ready, in process ${coordinator.info('tested').pid}`)
  })

  it('names the lines that the stacks of errors name, and the functions that have a name', async () => {
    const lineOf = (error: Error): number => Number(/nothing-left\.test\.ts:(\d+):/.exec(error.stack ?? '')?.[1])
    const here: Error[] = []
    function makeOne(): void {
      here.push(new Error('made'))
      coordinator = new ComponentCoordinator({ logger: silent })
    }
    makeOne()
    coordinator.registerComponent(sink('a'))
    here.push(new Error('taken'))
    const lease = await coordinator.acquire('a')
    const message = await messageOf(expectNothingLeft(undefined, now))
    const [made = 0, taken = 0] = here.map(lineOf)
    expect(message).toMatch(new RegExp(`made at makeOne \\(\\S+nothing-left\\.test\\.ts:${made + 1}:\\d+\\)$`, 'm'))
    expect(message).toMatch(new RegExp(`taken at \\S+nothing-left\\.test\\.ts:${taken + 1}:\\d+$`, 'm'))
    expect(message).not.toContain('top level')
    lease.release()
  })

  it('names calls in flight, open streams, calls that wait, leases with where they were taken, and locks', async () => {
    const remote = setUp()
    await remote.next()
    remote.never().catch(() => {})
    const stream = await remote.ticks()
    await stream.next()
    const lease = await coordinator.acquire('tested')
    const lock = await coordinator.locks.acquire('book')
    const message = await messageOf(expectNothingLeft(coordinator, { within: 0, mayBeLoaded: true }))
    expect(message).toContain('"tested": 2 calls in flight and open streams')
    expect(message).toMatch(/a lease of "tested", taken at /)
    expect(message).toMatch(file)
    expect(message).toContain('the lock "book", held by main')
    expect(message).not.toContain('ready')
    await stream.return(undefined)
    lease.release()
    lock.release()
    expect(await messageOf(expectNothingLeft(coordinator, { within: 100, mayBeLoaded: true }))).toBe(
      'left over:\n- "tested": 1 call in flight, or open stream',
    )
  })

  it('names what is loaded, unless it may be, and waits for what is just ending', async () => {
    const remote = setUp()
    await remote.next()
    expect(await messageOf(expectNothingLeft(coordinator, now))).toBe('left over:\n- "tested": ready, in a thread')
    await expectNothingLeft(coordinator, { mayBeLoaded: true })
    const unloaded = coordinator.unloadComponent('tested')
    await expectNothingLeft(coordinator, { within: 30_000 })
    await unloaded
  })

  it('names snapshots that are still on the disk', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'spillway-left-'))
    coordinator = quietCoordinator()
    const remote = coordinator.registerComponent<{ set(text: string): void }>({
      name: 'hibernating',
      module: `data:text/javascript,${encodeURIComponent(
        'export default class { set(text) { this.text = text } snapshot() { return this.text } }',
      )}`,
      hibernate: { directory, maxMemory: 0 },
    })
    await remote.set('kept')
    await coordinator.unloadComponent('hibernating')
    expect(await messageOf(expectNothingLeft(undefined, now))).toContain(`a snapshot on the disk: ${directory}`)
    await coordinator.shutdown()
    await expectNothingLeft()
    await rm(directory, { recursive: true })
  })

  it('refuses bad options', async () => {
    coordinator = quietCoordinator()
    await expect(expectNothingLeft(coordinator, { within: -1 })).rejects.toMatchObject({ option: 'within' })
    const wrong = { mayBeLoaded: 'yes' as unknown as boolean }
    await expect(expectNothingLeft(coordinator, wrong)).rejects.toMatchObject({ option: 'mayBeLoaded' })
  })
})
