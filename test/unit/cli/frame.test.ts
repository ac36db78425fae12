import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { frame } from '../../../src/cli/top/frame.ts'
import { widthOf } from '../../../src/cli/printable.ts'
import { after } from '../../../src/cli/top/top-state.ts'
import type { Connection, TopState } from '../../../src/cli/top/top-state.ts'
import { ComponentViews } from '../../../src/live/component-views.ts'
import { LiveState } from '../../../src/live/live-state.ts'
import { sharedCoordinator, sink } from '../../support/coordinator.ts'

const coordinator = sharedCoordinator()
for (const name of ['orders', 'evil', '日本の取引所', 'a-name-that-is-longer-than-anybody-would-like-it-to-be']) {
  coordinator.registerComponent(sink(name))
}
using live = new LiveState(coordinator, false, () => {})
const snapshot = live.snapshot()
/** No component can be registered by such a name, but what answers at an address may say anything. */
const components = snapshot.components.map((view) =>
  view.name === 'evil' ? { ...view, name: '\u001b[2Jevil\r\n' } : view,
)
const state = after(undefined, { event: 'snapshot', data: { ...snapshot, components } }) as TopState
const at = Date.now()
const connected: Connection = { status: 'live', at }

describe('a frame', () => {
  it.each([20, 40, 60, 80, 100, 133, 200])(
    'is never wider than %i columns, nor higher than the terminal',
    (columns) => {
      for (const rows of [6, 8, 24]) {
        const lines = frame(state, connected, { columns, rows, colour: true, now: at })
        expect(lines.length).toBeLessThanOrEqual(rows)
        // Below 40 columns the name and the state alone do not fit.
        if (columns < 40) continue
        for (const line of lines) expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns)
      }
    },
  )

  it('leaves out columns, the least important first, and says how many components have no room', () => {
    const heading = (columns: number): string =>
      frame(state, connected, { columns, rows: 24, colour: false, now: at }).find((line) =>
        line.startsWith('COMPONENT'),
      ) ?? ''
    expect(heading(220)).toMatch(
      /STATE +COPIES +PID +PRIO +HEAP +EXTERNAL +PEAK +USE +IDLE +CALLS\/S +P50 +P99 +LOADS +UNLOADS +CRASHES +IF MEDIUM/,
    )
    expect(heading(90)).toContain('HEAP')
    expect(heading(90)).not.toContain('P50')
    expect(heading(60)).toContain('STATE')
    const lines = frame(state, connected, { columns: 80, rows: 7, colour: false, now: at })
    expect(lines.at(-1)).toBe('… and 3 more')
  })

  it('tells the process of a component that has one of its own', () => {
    const pids = { orders: 4321, evil: null } as Readonly<Record<string, number | null>>
    const some = snapshot.components.map((view) =>
      view.name in pids ? { ...view, isolation: 'process' as const, pid: pids[view.name] ?? null } : view,
    )
    const processes = after(undefined, { event: 'snapshot', data: { ...snapshot, components: some } }) as TopState
    const lines = frame(processes, connected, { columns: 200, rows: 24, colour: false, now: at })
    expect(lines.find((line) => line.startsWith('orders'))).toMatch(/^orders +unloaded +– +4321 /)
    expect(lines.find((line) => line.startsWith('evil'))).toMatch(/^evil +unloaded +– +process /)
    expect(lines.find((line) => line.startsWith('日本'))).toMatch(/unloaded +– +– /)
  })

  it('tells how many copies a component has, and how many processes besides the one it names', () => {
    const some = snapshot.components.map((view) => {
      if (view.name !== 'orders') return view
      const copy = (number: number): (typeof view.instances)[number] => ({
        ...view,
        name: `orders#${number}`,
        isolation: 'process',
        pid: 4_194_304 - number,
      })
      return { ...view, isolation: 'process' as const, pid: 4_194_303, instances: [copy(1), copy(2), copy(3)] }
    })
    const copies = after(undefined, { event: 'snapshot', data: { ...snapshot, components: some } }) as TopState
    const lines = frame(copies, connected, { columns: 220, rows: 24, colour: false, now: at })
    expect(lines.find((line) => line.startsWith('orders'))).toMatch(/^orders +unloaded +3 +4194303\+2 /)
  })

  it('holds no control character of the program that is watched', () => {
    const lines = frame(state, connected, { columns: 200, rows: 24, colour: false, now: at })
    expect(lines.join('')).not.toMatch(/\p{Cc}/u)
    expect(lines.join('\n')).toContain('evil')
  })

  it('counts times on while nothing comes, and not while it is disconnected', () => {
    const uptime = (now: number, connection: Connection): string =>
      frame(state, connection, { columns: 200, rows: 24, colour: false, now })[0] ?? ''
    expect(uptime(at + 3_600_000, connected)).toMatch(/up 1 h/)
    const lost: Connection = { status: 'lost', since: at, why: '\u001b[31mcut', retryAt: at + 5_000 }
    expect(uptime(at + 3_000, lost)).toBe('DISCONNECTED for 3 s: cut; the figures are old; next try in 2 s')
  })
})

describe('the state', () => {
  it('takes over what changed, and drops what is gone', () => {
    using views = new ComponentViews(coordinator)
    const { plan, view } = live.plan()
    const orders = views.one('orders', plan)
    const tick = { now: at, memory: live.memory(), plan: view, events: [], gone: ['日本の取引所'] }
    const next = after(state, { event: 'tick', data: { ...tick, components: [{ ...orders, calls: 7 }] } })
    expect(next?.components.get('orders')?.calls).toBe(7)
    expect(next?.components.has('日本の取引所')).toBe(false)
    expect(next?.components.size).toBe(3)
    expect(after(undefined, { event: 'tick', data: { ...tick, components: [] } })).toBeUndefined()
  })
})
