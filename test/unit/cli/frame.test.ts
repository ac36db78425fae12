import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { frame as wholeFrame } from '../../../src/cli/top/frame.ts'
import type { FrameOptions } from '../../../src/cli/top/frame.ts'
import { hints, pressed } from '../../../src/cli/top/keys.ts'
import { rowsOf } from '../../../src/cli/top/rows.ts'
import type { Look } from '../../../src/cli/top/rows.ts'
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
const usual: Look = { sort: 'memory', folded: true, offset: 0 }

function frame(
  of: TopState,
  connection: Connection,
  options: Omit<FrameOptions, 'look' | 'keys'> & Partial<FrameOptions>,
): readonly string[] {
  return wholeFrame(of, connection, { look: usual, keys: false, ...options }).lines
}

describe('a frame', () => {
  it.each([20, 40, 60, 80, 100, 133, 200])(
    'is never wider than %i columns, nor higher than the terminal',
    (columns) => {
      for (const rows of [6, 8, 24]) {
        const lines = frame(state, connected, { columns, rows, colour: true, now: at, keys: true })
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
    expect(heading(240)).toMatch(
      /STATE +TOTAL +GROWTH\/M +ERRORS +USE +CPU +CALLS\/S +IDLE +RUNS IN +UNLOADS +P99 +COPIES +PEAK +CRASHES +PRIO +LOADS +IF MEDIUM/,
    )
    expect(heading(80)).toMatch(/STATE +TOTAL +GROWTH\/M +ERRORS +USE +IF MEDIUM/)
    expect(heading(90)).not.toContain('P99')
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
    const lines = frame(processes, connected, { columns: 240, rows: 24, colour: false, now: at })
    expect(lines.find((line) => line.startsWith('orders'))).toMatch(/^orders +unloaded .* 4321 /)
    expect(lines.find((line) => line.startsWith('evil'))).toMatch(/^evil +unloaded .* process /)
    expect(lines.find((line) => line.startsWith('日本'))).toMatch(/unloaded .* thread /)
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
    const lines = frame(copies, connected, { columns: 240, rows: 24, colour: false, now: at })
    expect(lines.find((line) => line.startsWith('orders'))).toMatch(/^orders +unloaded .* 4194303\+2 .* 3 /)
  })

  it('holds no control character of the program that is watched', () => {
    const lines = frame(state, connected, { columns: 240, rows: 24, colour: false, now: at })
    expect(lines.join('')).not.toMatch(/\p{Cc}/u)
    expect(lines.join('\n')).toContain('evil')
  })

  it('counts times on while nothing comes, and not while it is disconnected', () => {
    const uptime = (now: number, connection: Connection): string =>
      frame(state, connection, { columns: 240, rows: 24, colour: false, now })[0] ?? ''
    expect(uptime(at + 3_600_000, connected)).toMatch(/up 1 h/)
    const lost: Connection = { status: 'lost', since: at, why: '\u001b[31mcut', retryAt: at + 5_000 }
    expect(uptime(at + 3_000, lost)).toBe('DISCONNECTED for 3 s: cut; the figures are old; next try in 2 s')
  })
})

describe('the table', () => {
  const [first] = snapshot.components
  if (!first) throw new Error('there are components')
  const memory = {
    used: 1,
    physical: 1,
    external: 0,
    malloced: 0,
    reported: 0,
    native: 0,
    total: 0,
    peak: 1,
    stale: false,
  }
  const member = (number: number): typeof first => ({
    ...first,
    name: `feed:${number}`,
    family: 'feed',
    state: number % 2 === 0 ? 'ready' : 'unloaded',
    memory: number % 2 === 0 ? { ...memory, total: number * 1024 ** 2 } : null,
    inUse: number,
  })
  const many = Array.from({ length: 1_000 }, (_, number) => member(number))
  const crowd: TopState = {
    ...state,
    components: new Map(
      [...many, { ...first, name: 'alone', memory: { ...memory, total: 5 * 1024 ** 2 } }].map((each) => [
        each.name,
        each,
      ]),
    ),
  }

  it('has one row for a family, with what its members have together', () => {
    const [family, alone, ...others] = rowsOf(crowd.components.values(), usual)
    expect(others).toEqual([])
    expect(family?.members).toEqual({ loaded: 500, all: 1_000 })
    expect(family?.view.memory?.total).toBe(499 * 500 * 1024 ** 2)
    expect(alone?.name).toBe('alone')
    const lines = frame(crowd, connected, { columns: 80, rows: 24, colour: false, now: at })
    expect(lines.find((line) => line.startsWith('feed:*'))).toMatch(/^feed:\* +500\/1,000 +244 GiB /)
  })

  it('shows of a thousand rows what has room, from where one has scrolled to', () => {
    const unfolded = { ...usual, folded: false }
    const options = { columns: 80, rows: 20, colour: false, now: at, keys: true }
    const shown = (look: Look): ReturnType<typeof wholeFrame> => wholeFrame(crowd, connected, { ...options, look })
    const { rows, page, lines } = shown(unfolded)
    expect([rows, lines.length]).toEqual([1_001, 20])
    expect(lines.at(-1)).toBe(hints(unfolded))
    expect(lines.some((line) => line.startsWith('feed:998 '))).toBe(true)
    const end = pressed(unfolded, '\u001b[F', rows, page)
    expect(shown(end).lines.at(-2)).toBe(`… and ${(1_001 - page).toLocaleString('en-US')} above`)
    expect(pressed(end, '\u001b[B', rows, page)).toEqual(end)
    expect(pressed(pressed(end, '\u001b[A', rows, page), 'e', rows, page)).toEqual({ ...unfolded, sort: 'errors' })
    expect(pressed(unfolded, 'f', rows, page)).toEqual(usual)
    expect(pressed(usual, 'x', rows, page)).toEqual(usual)
  })

  it('has a row for each copy once it is unfolded', () => {
    const copy = (number: number): (typeof first.instances)[number] => ({
      ...first,
      name: `alone#${number}`,
      memory: null,
    })
    const twice = { ...first, name: 'alone', instances: [copy(1), copy(2)] }
    expect(rowsOf([twice], { ...usual, folded: false }).map(({ name }) => name)).toEqual([
      'alone',
      '  alone#1',
      '  alone#2',
    ])
    expect(rowsOf([twice], usual)).toHaveLength(1)
  })

  it('has what needs attention above it', () => {
    const piece = {
      id: 'stuck:orders',
      severity: 'warning',
      message: '"orders" is \u001b[2Jstuck',
      urgent: true,
      since: at,
    } as const
    const advice = [piece, ...Array.from({ length: 9 }, () => piece), { ...piece, urgent: false }]
    const lines = frame({ ...state, advice }, connected, { columns: 80, rows: 24, colour: false, now: at })
    expect(lines.filter((line) => line.startsWith('!'))).toEqual([
      ...Array.from({ length: 3 }, () => '! "orders" is stuck'),
      '! 7 more need attention: spillway explain',
    ])
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
