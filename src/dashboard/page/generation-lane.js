/** @import { Mark } from './component-detail.js' */

import { useState } from 'preact/hooks'
import { age, clock } from './format.js'
import { html } from './html.js'
import { crashReason, kindName, unloadReason } from './words.js'

/** @typedef {{ readonly number: number, readonly from: number, readonly to: number, readonly open: boolean }} Generation epoch ms */

/**
 * Below a plot: which generation lived when, what began and what ended it. Shapes tell kinds of marks apart, not colours alone; the arrow keys go from
 * mark to mark.
 *
 * @param {object} props
 * @param {number} props.start epoch ms, as the plot begins
 * @param {number} props.end
 * @param {readonly Mark[]} props.marks oldest first
 * @param {ReadonlySet<number>} props.alive generations that still live
 */
export function GenerationLane({ start, end, marks, alive }) {
  const [chosen, setChosen] = useState(/** @type {Mark | undefined} */ (undefined))
  const seen = marks.filter(({ time }) => time >= start)
  const generations = generationsOf(marks, alive, end).filter(({ to }) => to >= start)
  /** @param {number} time */
  const place = (time) => `${(100 * (Math.min(Math.max(time, start), end) - start)) / (end - start)}%`
  /** @param {KeyboardEvent & { currentTarget: HTMLElement }} event */
  const onKeyDown = (event) => {
    const all = [...event.currentTarget.querySelectorAll('button')]
    const at = all.findIndex((each) => each === document.activeElement)
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key]
    if (next === undefined) return
    event.preventDefault()
    all[Math.min(Math.max(next, 0), all.length - 1)]?.focus()
  }
  // One of them is reached by Tab, the others from there.
  const first = chosen && seen.includes(chosen) ? chosen : seen.at(-1)
  return html`
    <div class="lane" role="group" aria-label="Generations, and what began and ended them" onKeyDown=${onKeyDown}>
      ${generations.map(
        ({ number, from, to, open }) =>
          html`<span
            key=${number}
            class=${`generation ${open ? 'open' : ''}`}
            style=${{ left: place(from), right: `calc(100% - ${place(to)})` }}
            title=${`Generation ${number}, ${open ? `for ${age(to - from)}` : `lived ${age(to - from)}`}`}
            ><span>gen ${number}</span></span
          >`,
      )}
      ${seen.map((mark) => {
        const said = markWords(mark)
        return html`<button
          key=${`${mark.kind} ${mark.generation} ${mark.time}`}
          class=${`mark-${mark.kind}`}
          style=${{ left: place(mark.time) }}
          tabindex=${mark === first ? 0 : -1}
          aria-label=${said}
          onFocus=${() => setChosen(mark)}
          onBlur=${() => setChosen(undefined)}
          onMouseEnter=${() => setChosen(mark)}
          onMouseLeave=${() => setChosen(undefined)}
        >
          <i aria-hidden="true"></i>
        </button>`
      })}
      ${
        chosen &&
        seen.includes(chosen) &&
        html`<p
          class="tip"
          aria-hidden="true"
          style=${chosen.time - start > (end - start) / 2 ? { right: `calc(100% - ${place(chosen.time)})` } : { left: place(chosen.time) }}
        >
          ${markWords(chosen)}
        </p>`
      }
    </div>
    <p class="key lane-key">
      <span><i class="mark-load"></i>Loaded</span><span><i class="mark-unload"></i>Unloaded</span
      ><span><i class="mark-crash"></i>Crashed</span><span><i class="mark-load-error"></i>Load failed</span>
      ${seen.length === 0 && html`<span>Nothing of the kind in this time.</span>`}
    </p>
  `
}

/**
 * From the load of each to its end; those that live go on.
 *
 * @param {readonly Mark[]} marks
 * @param {ReadonlySet<number>} alive
 * @param {number} now
 * @returns {Generation[]}
 */
function generationsOf(marks, alive, now) {
  return marks
    .filter(({ kind }) => kind === 'load')
    .map(({ generation: number, time: from }) => {
      const ending = marks.find(
        ({ kind, generation }) => (kind === 'unload' || kind === 'crash') && generation === number,
      )
      const open = !ending && alive.has(number)
      return { number, from, to: ending?.time ?? (open ? Math.max(now, from) : from), open }
    })
}

/** @param {Mark} mark */
function markWords({ kind, time, generation, reason, why }) {
  const reasons = reason === null ? '' : `: ${kind === 'crash' ? crashReason(reason) : unloadReason(reason)}`
  const sentence = why === null ? '' : kind === 'load' ? ` ${why}` : kind === 'load-error' ? `: ${why}` : `. ${why}`
  return `${clock(time)} ${kindName(kind)} generation ${generation}${reasons}${sentence}`
}
