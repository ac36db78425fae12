/** @import UPlot, { AlignedData, Options } from 'uplot' */

import { useEffect, useRef } from 'preact/hooks'
import { html } from './html.js'
import { bytes, clock } from './format.js'
import { colour, onTheme } from './theme.js'

/**
 * uPlot is a classic script: it is there once the page is loaded.
 *
 * @returns {Promise<typeof UPlot>}
 */
const ready = () =>
  new Promise((resolve) => {
    const { uPlot: known } = /** @type {{ uPlot?: typeof UPlot }} */ (globalThis)
    if (known) resolve(known)
    else addEventListener('DOMContentLoaded', () => void ready().then(resolve), { once: true })
  })

/**
 * Bytes of an axis, in steps that are round in MiB and GiB: powers of two.
 *
 * @param {UPlot} _plot
 * @param {number} _axis
 * @param {number} _min
 * @param {number} max
 */
function byteSplits(_plot, _axis, _min, max) {
  const mib = 1024 ** 2
  const step = 2 ** Math.ceil(Math.log2(Math.max(max / mib / 5, 1))) * mib
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, index) => index * step)
}

/** @typedef {Omit<Options, 'width' | 'height'>} PlotOptions without its size */
/** @typedef {{ min: number, max: number }} Range s */

/**
 * The options that all plots of memory over time have in common.
 *
 * @param {PlotOptions} extra
 * @returns {PlotOptions}
 */
export function memoryPlot(extra) {
  const text = colour('muted')
  const grid = { stroke: colour('grid'), width: 1 }
  const font = '11px system-ui, sans-serif'
  return {
    legend: { show: false },
    // Right: half of the last time stands beyond the plot.
    padding: [10, 28, 0, 0],
    scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, Math.max(max * 1.06, 1024 ** 2)] } },
    axes: [
      {
        stroke: text,
        grid: { ...grid, show: false },
        ticks: { ...grid, size: 4 },
        font,
        space: 70,
        size: 30,
        values: (_plot, times, _axis, _space, step) => times.map((time) => clock(time * 1_000, step < 60)),
      },
      {
        stroke: text,
        grid,
        ticks: { show: false },
        font,
        size: 62,
        splits: byteSplits,
        values: (_plot, values) => values.map((value) => bytes(value).replace('.0 ', ' ')),
      },
    ],
    ...extra,
  }
}

/**
 * A uPlot that lives as long as its options.
 *
 * @param {object} props
 * @param {string} props.identity
 * @param {() => PlotOptions} props.options made anew when `identity` or the colours change; the plot is then made anew as well.
 * @param {AlignedData} props.data set whenever it is another one.
 * @param {number} props.height
 * @param {string} props.label
 * @param {Range} [props.range]
 */
export function Plot({ identity, options, data, height, label, range }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null))
  const plot = useRef(/** @type {UPlot | undefined} */ (undefined))
  const latest = useRef({ options, data, range })
  latest.current = { options, data, range }

  useEffect(() => {
    const element = place.current
    if (!element) return undefined
    let gone = false
    /** @type {ResizeObserver | undefined} */
    let observer
    let leave = () => {}
    /** @param {typeof UPlot} uPlot */
    const make = (uPlot) => {
      plot.current?.destroy()
      const { options: makeOptions, data: first, range: shown } = latest.current
      const made = new uPlot({ ...makeOptions(), width: element.clientWidth || 300, height }, first, element)
      plot.current = made
      if (shown) made.setScale('x', shown)
    }
    void ready().then((uPlot) => {
      if (gone) return
      make(uPlot)
      observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
      observer.observe(element)
      leave = onTheme(() => make(uPlot))
    })
    return () => {
      gone = true
      observer?.disconnect()
      leave()
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [identity, height])

  useEffect(() => {
    if (!plot.current) return
    plot.current.setData(data, false)
    if (range) plot.current.setScale('x', range)
  }, [data, range?.min, range?.max])

  return html`<div class="plot" ref=${place} role="img" aria-label=${label}></div>`
}
