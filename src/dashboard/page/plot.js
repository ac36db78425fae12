import { useEffect, useRef } from 'preact/hooks'
import { html } from './html.js'
import { bytes, clock } from './format.js'
import { colour, onTheme } from './theme.js'

/** uPlot is a classic script: it is there once the page is loaded. */
const ready = () =>
  new Promise((resolve) => {
    if (globalThis.uPlot) resolve(globalThis.uPlot)
    else addEventListener('DOMContentLoaded', () => resolve(globalThis.uPlot), { once: true })
  })

/** Bytes of an axis, in steps that are round in MiB. */
function byteSplits(_plot, _axis, _min, max) {
  const mib = 1024 ** 2
  const raw = max / mib / 5
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(raw, 1)))
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= raw) * mib
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, index) => index * step)
}

/** The options that all plots of memory over time have in common. */
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
        values: (_plot, times) => times.map((time) => clock(time * 1_000)),
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
 * @param options made anew when `identity` or the colours change; the plot is then made anew as well.
 * @param data set whenever it is another one.
 */
export function Plot({ identity, options, data, height, label, range }) {
  const place = useRef()
  const plot = useRef()
  const latest = useRef()
  latest.current = { options, data, range }

  useEffect(() => {
    const element = place.current
    let gone = false
    let observer
    let leave = () => {}
    const make = (uPlot) => {
      plot.current?.destroy()
      const { options: makeOptions, data: first, range: shown } = latest.current
      plot.current = new uPlot({ ...makeOptions(), width: element.clientWidth || 300, height }, first, element)
      if (shown) plot.current.setScale('x', shown)
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
