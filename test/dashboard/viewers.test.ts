import { afterAll, describe, expect, it } from 'vitest'
import { dashboardAt, readEvents } from '../../src/cli/top/event-stream.ts'
import { Dashboard } from '../../src/dashboard/dashboard.ts'
import { sharedCoordinator } from '../support/coordinator.ts'
import { ask, events, open } from './dashboard-client.ts'

const coordinator = sharedCoordinator()
const over = new AbortController()
afterAll(() => over.abort())

/** Reads on and answers, as `spillway top` does. */
async function live(url: string): Promise<{ lost: () => boolean }> {
  const stream = readEvents(dashboardAt(new URL(url), undefined), over.signal)
  await stream.next()
  let lost = false
  const toItsEnd = async (): Promise<void> => {
    while (!(await stream.next()).done);
  }
  void toItsEnd()
    .catch(() => {})
    .finally(() => {
      lost = true
    })
  return { lost: () => lost }
}

describe('when all places for viewers are taken', () => {
  it('those that do not read make room for who wants in, and those that do read stay', async () => {
    await using dashboard = new Dashboard(
      coordinator,
      { port: 0, maxViewers: 4 },
      { places: { fresh: 0, answerWithin: 1_000 } },
    )
    const address = await dashboard.start()
    const stalled = await Promise.all([open(address, '/api/events'), open(address, '/api/events')])
    for (const response of stalled) response.pause()
    const reading = await Promise.all([live(address.url), live(address.url)])
    const newcomers = await Promise.all([live(address.url), live(address.url)])
    expect(newcomers.map(({ lost }) => lost())).toEqual([false, false])
    const answer = await ask(address, '/api/events')
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'TOO_MANY_VIEWERS' } } })
    expect(answer.headers['retry-after']).toBe('10')
    expect([...reading, ...newcomers].map(({ lost }) => lost())).toEqual([false, false, false, false])
  })

  it('who was let in just now is not asked', async () => {
    await using dashboard = new Dashboard(coordinator, { port: 0, maxViewers: 1 })
    const address = await dashboard.start()
    const viewer = await open(address, '/api/events')
    expect((await ask(address, '/api/events')).status).toBe(503)
    const { value } = await events(viewer).next()
    expect(value).toMatchObject({ event: 'snapshot' })
    expect(await ask(address, '/api/viewers/nobody', { method: 'POST' })).toMatchObject({
      status: 404,
      json: { error: { code: 'NO_VIEWER' } },
    })
    viewer.destroy()
  })
})
