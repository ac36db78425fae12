/** @import UPlot, { AlignedData, Series } from 'uplot' */
/** @import { FeedEvent } from '../../live/feed-event.ts' */
/** @import { Range } from './plot.js' */
/** @import { Timeline } from './timeline-data.js' */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { html } from './html.js'
import { bytes, clock } from './format.js'
import { memoryPlot, Plot } from './plot.js'
import { RangeButtons, reaching, useRange } from './ranges.js'
import { useOption } from './route.js'
import { store, useLive } from './store.js'
import { colour, colourOf } from './theme.js'
import { eventWords, kindName } from './words.js'

/** @typedef {{ key: string, label: string, tint: string, values: readonly number[] }} Layer */
/** @typedef {{ index: number, left: number, width: number, events: readonly FeedEvent[] }} Hover pixels */

/** @type {ReadonlySet<FeedEvent['kind']>} */
const marked = new Set(['load', 'unload', 'crash'])
/** More marks than this are drawn without their lines, which would hide what is behind them. */
const mostLines = 40
/** s */
const shortestZoom = 1
/** ms that are loaded whatever is shown: changing between the shortest ranges waits for nothing. */
const leastLoaded = 900_000
/** Pixels between the pointer and a mark that it still means. */
const near = 8

/** Where the memory was during the last minutes: stacked, with the limit and the resident set as lines, and what happened as marks. */
export function TimelineCard() {
  const { events, memory } = useLive()
  const { timeline } = store
  const [chosen, choose] = useRange('5m')
  const [zoomed, setZoomed] = useOption('zoom', '', { inPlace: true })
  const zoom = useMemo(() => zoomOf(zoomed), [zoomed])
  const span = zoom ? reaching(store.now() - zoom.min * 1_000) : Math.max(chosen.span, leastLoaded)
  useEffect(() => store.showSpan(span), [span])
  const [hidden, setHidden] = useState(() => /** @type {ReadonlySet<string>} */ (new Set()))
  const [hover, setHover] = useState(/** @type {Hover | undefined} */ (undefined))
  const marks = useRef(/** @type {readonly FeedEvent[]} */ ([]))
  marks.current = events.filter(({ kind }) => marked.has(kind))

  const layers = layersOf(timeline).filter(({ key }) => !hidden.has(key))
  const identity = layers.map(({ key }) => key).join('\n')
  const data = useMemo(() => stack(timeline, layers), [timeline.version, identity])
  const end = timeline.times.at(-1) ?? store.now()
  const range = zoom ?? { min: startOf(timeline, end, chosen.span) / 1_000, max: end / 1_000 }
  /** @param {Range | undefined} next */
  const setZoom = (next) => setZoomed(next ? `${next.min.toFixed(1)}-${next.max.toFixed(1)}` : '')
  /** @param {string} key */
  const toggle = (key) => {
    const next = new Set(hidden)
    if (!next.delete(key)) next.add(key)
    setHidden(next)
  }
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const next = zoomByKey(event.key, range, { min: (timeline.times[0] ?? 0) / 1_000, max: end / 1_000 })
    if (next === undefined) return
    event.preventDefault()
    setZoom(next ?? undefined)
  }
  const options = () =>
    memoryPlot({
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      series: [
        {},
        ...layers.toReversed().map(areaSeries),
        lineSeries('rss', 'Resident set', []),
        lineSeries('limit', 'Limit', [6, 4]),
      ],
      hooks: {
        draw: [(plot) => drawMarks(plot, marks.current)],
        setCursor: [(plot) => setHover(hoverAt(plot, marks.current))],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select
            if (width < 5) return
            setZoom({ min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') })
            plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
          },
        ],
      },
    })

  return html`
    <section class="card timeline" aria-labelledby="timeline-title">
      <header>
        <h2 id="timeline-title">Memory over time</h2>
        <div class="segments" role="group" aria-label="Time shown">
          <${RangeButtons}
            pressed=${zoom ? '' : chosen.id}
            onChoose=${(/** @type {string} */ id) => {
              if (zoom) setZoom(undefined)
              choose(id)
            }}
          />
          ${zoom && html`<button onClick=${() => setZoom(undefined)}>Leave zoom</button>`}
        </div>
      </header>
      <div
        class="plot-frame"
        role="group"
        tabindex="0"
        aria-label="Plot: plus and minus zoom, arrows move, Escape shows all"
        onKeyDown=${onKeyDown}
      >
        <${Plot}
          identity=${identity}
          options=${options}
          data=${data}
          range=${range}
          height=${176}
          label=${`Memory over time, stacked by component. Now ${bytes(memory.usage)} of ${bytes(memory.limit)} are used, the resident set is ${bytes(memory.rss)}. The table below has the figures.`}
        />
        ${hover && html`<${Tip} hover=${hover} layers=${layers} timeline=${timeline} />`}
      </div>
      <ul class="key legend" aria-label="Shown in the plot">
        ${layersOf(timeline)
          .toReversed()
          .map(
            ({ key, label, tint }) =>
              html`<li>
                <button aria-pressed=${!hidden.has(key)} onClick=${() => toggle(key)}>
                  <i class=${tint}></i>${label}
                </button>
              </li>`,
          )}
        <li><i class="line line-rss"></i>Resident set</li>
        <li><i class="line line-limit"></i>Limit</li>
        <li><i class="mark-unload"></i>Unload</li>
        <li><i class="mark-crash"></i>Crash</li>
        <li><i class="mark-load"></i>Load</li>
      </ul>
      <p class="hint">Drag over the plot to zoom in, or use the keys + − ← → on it.</p>
    </section>
  `
}

/**
 * @param {string} text two times, s, with a hyphen between them
 * @returns {Range | undefined}
 */
function zoomOf(text) {
  const [min = 0, max = 0] = text.split('-').map(Number)
  return max > min && min > 0 ? { min, max } : undefined
}

/**
 * What a key makes of the times shown (s): null is all of them, undefined that the key means nothing here.
 *
 * @param {string} key
 * @param {Range} shown
 * @param {Range} all from the first point to the last
 * @returns {Range | null | undefined}
 */
function zoomByKey(key, shown, all) {
  // While there are few points, more than their time is shown.
  const [min, max] = [Math.max(shown.min, all.min), Math.min(shown.max, all.max)]
  const width = max - min
  const middle = (min + max) / 2
  /**
   * @param {number} from
   * @param {number} wide
   */
  const show = (from, wide) => {
    if (wide >= all.max - all.min) return null
    const first = Math.min(Math.max(from, all.min), all.max - wide)
    return { min: first, max: first + wide }
  }
  switch (key) {
    case '+':
    case '=': {
      const narrower = Math.max(width / 2, shortestZoom)
      return show(middle - narrower / 2, narrower)
    }
    case '-':
      return show(middle - width, width * 2)
    case 'ArrowLeft':
      return show(min - width / 4, width)
    case 'ArrowRight':
      return show(min + width / 4, width)
    case 'Escape':
      return null
    default:
      return undefined
  }
}

/**
 * While there is little to show, all of it, and never less than half a minute.
 *
 * @param {Timeline} timeline
 * @param {number} end
 * @param {number} span
 */
function startOf({ times }, end, span) {
  return Math.max(end - span, Math.min(times[0] ?? end, end - 30_000))
}

/**
 * From the bottom up.
 *
 * @param {Timeline} timeline
 */
function layersOf({ components, others, totals }) {
  /** @type {Layer[]} */
  const layers = [{ key: ' main', label: 'Main thread', tint: 'series-main', values: totals.main }]
  for (const { name, values } of components) layers.push({ key: name, label: name, tint: colourOf(name), values })
  if (others.some((value) => value > 0))
    layers.push({ key: ' others', label: 'Other components', tint: 'series-others', values: others })
  layers.push({ key: ' spare', label: 'Other workers', tint: 'series-spare', values: totals.spare })
  if (totals.native.some((value) => value > 0))
    layers.push({ key: ' native', label: "Native, nobody's", tint: 'series-native', values: totals.native })
  layers.push({ key: ' unattributed', label: 'Unattributed', tint: 'series-unattributed', values: totals.unattributed })
  return layers
}

/**
 * uPlot draws later series over earlier ones: so the sums come first, the largest of them first.
 *
 * @param {Timeline} timeline
 * @param {readonly Layer[]} layers
 * @returns {AlignedData}
 */
function stack(timeline, layers) {
  /** @type {number[][]} */
  const sums = []
  /** @type {number[] | undefined} */
  let below
  for (const { values } of layers) {
    const from = below
    below = values.map((value, index) => Math.max(0, value) + (from?.[index] ?? 0))
    sums.unshift(below)
  }
  return [timeline.times.map((time) => time / 1_000), ...sums, timeline.totals.rss, timeline.totals.limit]
}

/**
 * @param {Layer} layer
 * @returns {Series}
 */
function areaSeries({ label, tint }) {
  const fill = colour(tint)
  return { label, stroke: fill, fill, width: 0, points: { show: false } }
}

/**
 * @param {string} name
 * @param {string} label
 * @param {number[]} dash
 * @returns {Series}
 */
function lineSeries(name, label, dash) {
  return { label, stroke: colour(`line-${name}`), width: 1.5, dash, points: { show: false } }
}

/**
 * @param {UPlot} plot
 * @param {readonly FeedEvent[]} marks
 */
function drawMarks(plot, marks) {
  const { ctx, bbox } = plot
  const scale = devicePixelRatio
  const { min = 0, max = 0 } = plot.scales['x'] ?? {}
  const seen = marks.filter(({ time }) => time / 1_000 >= min && time / 1_000 <= max)
  ctx.save()
  ctx.lineWidth = scale
  ctx.setLineDash([])
  for (const { time, kind } of seen) {
    const x = plot.valToPos(time / 1_000, 'x', true)
    const tint = colour(`tick-${kind}`)
    ctx.strokeStyle = tint
    ctx.fillStyle = tint
    const low = kind === 'load'
    const y = low ? bbox.top + bbox.height : bbox.top
    const tall = low ? -5 * scale : 8 * scale
    const wide = low ? 3 * scale : 4 * scale
    ctx.beginPath()
    if (kind === 'crash') {
      // A cross: told from an unload without its colour.
      ctx.lineWidth = 2.5 * scale
      ctx.moveTo(x - wide, y)
      ctx.lineTo(x + wide, y + tall)
      ctx.moveTo(x + wide, y)
      ctx.lineTo(x - wide, y + tall)
      ctx.stroke()
      ctx.lineWidth = scale
    } else {
      ctx.moveTo(x - wide, y)
      ctx.lineTo(x + wide, y)
      ctx.lineTo(x, y + tall)
      ctx.fill()
    }
    if (low || (seen.length > mostLines && kind !== 'crash')) continue
    ctx.globalAlpha = kind === 'crash' ? 0.8 : 0.35
    ctx.beginPath()
    ctx.moveTo(x, y)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.globalAlpha = 1
  }
  ctx.restore()
}

/**
 * @param {UPlot} plot
 * @param {readonly FeedEvent[]} marks
 * @returns {Hover | undefined}
 */
function hoverAt(plot, marks) {
  const { left, idx } = plot.cursor
  if (left === undefined || left < 0 || idx === null || idx === undefined) return undefined
  const events = marks.filter(({ time }) => Math.abs(plot.valToPos(time / 1_000, 'x') - left) <= near)
  const offset = plot.over.offsetLeft
  return { index: idx, left: left + offset, width: plot.over.clientWidth + offset, events: events.slice(-4) }
}

/**
 * What the plot shows under the pointer.
 *
 * @param {{ hover: Hover, layers: readonly Layer[], timeline: Timeline }} props
 */
function Tip({ hover, layers, timeline }) {
  const { index, left, width, events } = hover
  const time = timeline.times[index]
  if (time === undefined) return null
  const rows = layers
    .map(({ label, tint, values }) => ({ label, tint, value: values[index] ?? 0 }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
  const side = left > width / 2 ? { right: `calc(100% - ${left - 12}px)` } : { left: `${left + 12}px` }
  return html`
    <div class="tip" style=${side} aria-hidden="true">
      <b>${clock(time)}</b>
      <ul>
        ${rows.slice(0, 8).map(({ label, tint, value }) => html`<li><i class=${tint}></i><span>${label}</span><b>${bytes(value)}</b></li>`)}
        ${rows.length > 8 && html`<li><i></i><span>${rows.length - 8} more</span></li>`}
        <li><i class="line line-rss"></i><span>Resident set</span><b>${bytes(timeline.totals.rss[index])}</b></li>
      </ul>
      ${events.map((event) => html`<p><b>${kindName(event.kind)} ${event.component}</b> ${eventWords(event)}</p>`)}
    </div>
  `
}
