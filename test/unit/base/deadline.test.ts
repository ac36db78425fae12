import { setImmediate as turn } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { afterDeadline, afterPatience, withDeadline } from '../../../src/base/deadline.ts'
import { standStill } from '../../support/stand-still.ts'

describe('a deadline of a thread that was blocked', () => {
  it('takes in what had arrived first', async () => {
    const { port1, port2 } = new MessageChannel()
    const seen: string[] = []
    port1.on('message', () => seen.push('answer'))
    const passed = new Promise<void>((resolve) =>
      afterDeadline(20, () => {
        seen.push('deadline')
        resolve()
      }),
    )
    await turn()
    port2.postMessage('answer')
    standStill(60)
    await passed
    port1.close()
    expect(seen).toEqual(['answer', 'deadline'])
  })

  it('is not counted against another one while it was blocked', async () => {
    const start = performance.now()
    const passed = new Promise<number>((resolve) => afterPatience(400, () => resolve(performance.now() - start)))
    await turn()
    standStill(700)
    expect(await passed).toBeGreaterThan(700 + 200)
  })

  it('comes to an end however often the thread is blocked', async () => {
    const over = new Promise<string>((resolve) => afterPatience(100, () => resolve('over')))
    const blocking = setInterval(() => standStill(110), 1)
    expect(await over).toBe('over')
    clearInterval(blocking)
  })

  it('can be taken back at any moment', async () => {
    const passed: string[] = []
    const cancels = [afterDeadline(5, () => passed.push('deadline')), afterPatience(5, () => passed.push('patience'))]
    for (const cancel of cancels) cancel()
    // Armed later, and longer.
    await new Promise<void>((resolve) => afterPatience(10, resolve))
    expect(passed).toEqual([])
  })
})

describe('withDeadline', () => {
  it('gives the value that came in time, however late the timers are', async () => {
    const { port1, port2 } = new MessageChannel()
    const answer = new Promise((resolve) => port1.once('message', resolve))
    const waiting = withDeadline(answer, 30)
    port2.postMessage('here')
    standStill(200)
    expect(await waiting).toBe('here')
    port1.close()
  })

  it('ends at once when it is hurried', async () => {
    const hurry = new AbortController()
    const waiting = withDeadline(new Promise(() => {}), 60_000, hurry.signal)
    hurry.abort()
    expect(await waiting).toBeUndefined()
  })
})
