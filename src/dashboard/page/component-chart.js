/** @import { AlignedData, Series } from 'uplot' */
/** @import { ComponentView } from '../../live/schemas.ts' */
/** @import { Mark } from './component-detail.js' */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { get } from './connection.js'
import { bytes, clock } from './format.js'
import { GenerationLane } from './generation-lane.js'
import { html } from './html.js'
import { memoryPlot, Plot } from './plot.js'
import { RangeButtons, useRange } from './ranges.js'
import { store, useLive } from './store.js'
import { colour, colourOf } from './theme.js'

const points = 400
/** ms up to which what comes is simply added; what reaches further back is loaded again from time to time, with its peaks. */
const close = 15 * 60_000
const reloadAfter = 60_000

/** @typedef {{ readonly times: readonly number[], readonly values: readonly number[] }} Columns epoch ms, bytes */

/**
 * What a component held over time, and the generations that held it.
 *
 * @param {{ component: ComponentView, marks: readonly Mark[] }} props
 */
export function ComponentChart({ component, marks }) {
  const { name, memoryLimit: limit, memory } = component
  const [range, choose] = useRange('15m')
  const columns = useColumns(component, range.span)
  const end = columns.times.at(-1) ?? store.now()
  // While there is little to show, all of it, and never less than half a minute.
  const start = Math.max(end - range.span, Math.min(columns.times[0] ?? end, end - 30_000))
  const data = useMemo(() => {
    /** @type {AlignedData} */
    const base = [columns.times.map((time) => time / 1_000), [...columns.values]]
    return limit === null ? base : [...base, columns.times.map(() => limit)]
  }, [columns, limit])
  const alive = new Set(component.instances.map(({ generation }) => generation))
  const options = () => {
    const tint = colour(colourOf(name))
    /** @type {Series[]} */
    const lines = [
      {
        label: name,
        stroke: tint,
        fill: tint.replace('rgb(', 'rgba(').replace(')', ', 0.25)'),
        width: 1.5,
        points: { show: false },
      },
    ]
    if (limit !== null)
      lines.push({ label: 'Limit', stroke: colour('line-limit'), width: 1.5, dash: [6, 4], points: { show: false } })
    return memoryPlot({ cursor: { y: false, drag: { x: false, y: false } }, series: [{}, ...lines] })
  }
  return html`
    <section class="card component-chart" aria-labelledby="chart-title">
      <header>
        <h2 id="chart-title">Memory over time</h2>
        <div class="segments" role="group" aria-label="Time shown">
          <${RangeButtons} pressed=${range.id} onChoose=${choose} />
        </div>
      </header>
      <${Plot}
        identity=${`${name} ${limit}`}
        options=${options}
        data=${data}
        range=${{ min: start / 1_000, max: end / 1_000 }}
        height=${210}
        label=${`Memory of ${name} from ${clock(start)} to ${clock(end)}; now ${bytes(memory?.total)}${limit === null ? '' : `, its limit ${bytes(limit)}`}`}
      />
      <${GenerationLane} start=${start} end=${end} marks=${marks} alive=${alive} />
    </section>
  `
}

/**
 * Loaded for each range and connection, then grown by what comes.
 *
 * @param {ComponentView} component
 * @param {number} span ms
 * @returns {Columns}
 */
function useColumns({ name, memory: held }, span) {
  const { memory, connection } = useLive()
  const [columns, setColumns] = useState(/** @type {Columns} */ ({ times: [], values: [] }))
  const live = connection.status === 'live'
  const { time } = memory
  // How often the clock was set back: what was loaded is told anew then, by the new time.
  const [turns, setTurns] = useState(0)
  const lastTime = useRef(time)
  useEffect(() => {
    if (!live) return undefined
    let gone = false
    const load = () =>
      get(`api/components/${encodeURIComponent(name)}?points=${points}&span=${span}`, store.token).then(
        ({ history }) => !gone && setColumns(history),
        () => {},
      )
    void load()
    const timer = span > close ? setInterval(() => void load(), reloadAfter) : undefined
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [name, span, live, turns])
  useEffect(() => {
    if (time < lastTime.current) setTurns(turns + 1)
    lastTime.current = time
    setColumns(({ times, values }) => {
      const last = times.at(-1)
      if (last === undefined || time <= last) return { times, values }
      // The last point only says where it stands until the next one is due.
      const keep = time - (times.at(-2) ?? -Infinity) < span / points && span > close ? times.length - 1 : times.length
      const first = times.findIndex((each) => each >= time - span)
      return {
        times: [...times.slice(first, keep), time],
        values: [...values.slice(first, keep), held?.total ?? 0],
      }
    })
  }, [time])
  return columns
}
