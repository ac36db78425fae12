import { fstatSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { proxy, transfer, withCallOptions } from '../../src/index.ts'
import type { Remote } from '../../src/index.ts'
import type moving from '../fixtures/moving.ts'
import { fixture, rejection, sharedCoordinator, until } from '../support/coordinator.ts'

const coordinator = sharedCoordinator()
const module = fixture('moving.ts')
const remote = coordinator.registerComponent<typeof moving>({ name: 'moving', module })
type Moving = Remote<typeof moving>

async function unloaded(): Promise<Moving> {
  await coordinator.unloadComponent('moving')
  return remote
}
async function loaded(): Promise<Moving> {
  await remote.ping()
  return remote
}

/** Descriptors are the whole process's; another file may have been given the same number since. */
function isOpen(fd: number): boolean {
  try {
    return fstatSync(fd).ino === statSync(module).ino
  } catch {
    return false
  }
}
const moved = <T extends object>(value: T): T => transfer(value, [value as never])
const ports = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length

async function opened(): Promise<{ fd: number; file: FileHandle }> {
  const file = await open(module)
  return { fd: file.fd, file }
}

describe('a file that moves to nobody is closed', () => {
  it('with an answer that comes too late', async () => {
    const fd = new Int32Array(new SharedArrayBuffer(4))
    const abort = new AbortController()
    const call = rejection(withCallOptions(await loaded(), { signal: abort.signal }).lateFile(100, fd))
    await until(() => (fd[0] ?? 0) > 0)
    abort.abort()
    expect(await call).toMatchObject({ name: 'AbortError' })
    await until(() => !isOpen(fd[0] ?? 0))
  })

  it('with a call that waits and is aborted', async () => {
    const { fd, file } = await opened()
    const abort = new AbortController()
    const call = rejection(withCallOptions(await unloaded(), { signal: abort.signal }).size(moved(file)))
    expect(file.fd).toBe(-1)
    abort.abort()
    await call
    await until(() => !isOpen(fd))
  })

  it('with a call of a method that is not there', async () => {
    const { fd, file } = await opened()
    const other = (await loaded()) as unknown as { nope(...args: unknown[]): Promise<unknown> }
    expect(await rejection(other.nope({ deep: [1] }, moved(file)))).toMatchObject({ code: 'ERR_NO_SUCH_METHOD' })
    await until(() => !isOpen(fd))
  })
})

describe.each([
  ['sent at once', loaded],
  ['that waits', unloaded],
])('with a call %s', (_, component) => {
  it('a file moves', async () => {
    const { file } = await opened()
    expect(await (await component()).size(moved(file))).toBe(statSync(module).size)
  })

  it('a stream moves, and can be read to its end', async () => {
    const stream = ReadableStream.from(['a', 'b', 'c'])
    const other = await component()
    const call = other.read(moved(stream))
    expect(stream.locked).toBe(true)
    expect(await call).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['readable', () => new ReadableStream({ pull: (controller) => controller.enqueue('a') })],
    ['writable', () => new WritableStream()],
    ['transform', () => new TransformStream()],
  ])('a %s stream that is not used leaves nothing behind', async (_, make) => {
    const other = await component()
    await coordinator.unloadComponent('moving')
    const before = ports()
    if (component === loaded) await other.ping()
    expect(await other.typeOf(moved(make()))).toContain('Stream')
    await coordinator.unloadComponent('moving')
    await until(() => ports() <= before)
  })
})

it('a stream that waits is cancelled with its call', async () => {
  const cancelled = Promise.withResolvers<unknown>()
  const stream = new ReadableStream({ cancel: cancelled.resolve })
  const abort = new AbortController()
  const call = rejection(withCallOptions(await unloaded(), { signal: abort.signal }).read(moved(stream)))
  abort.abort()
  await call
  expect(await cancelled.promise).toMatchObject({ name: 'AbortError' })
})

it('a file can be handed to a callback', async () => {
  const sizes: number[] = []
  const callback = proxy(async ({ opened: file }: { opened: FileHandle }) => {
    await using own = file
    sizes.push((await own.stat()).size)
  })
  await (await loaded()).callWith(callback as never)
  expect(sizes).toHaveLength(1)
})
