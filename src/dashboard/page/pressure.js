/** @import { ComponentChildren } from 'preact' */
/** @import { MemoryView } from '../../live/schemas.ts' */

import { html } from './html.js'
import { bytes, count, percent, rate } from './format.js'
import { useLive } from './store.js'
import { unclaimedNative } from './timeline-data.js'

/** @type {Readonly<Record<MemoryView['pressureLevel'], string>>} */
const thresholdWords = { low: 'trim', medium: 'medium', high: 'high', critical: 'critical' }

/** @type {readonly MemoryView['pressureLevel'][]} */
const levels = ['low', 'medium', 'high', 'critical']

/** The gauge: what usage is made of, against the limit and the thresholds. */
export function Pressure() {
  const { memory, components } = useLive()
  const { usage, limit, pressureLevel: level, thresholds, why, regrets } = memory
  const all = [...components.values()]
  const held = all.reduce((sum, component) => sum + (component.memory?.total ?? 0), 0)
  const spare = memory.extra.reduce((sum, { total }) => sum + total, 0)
  const marks = levels.map((name) => ({ name, share: thresholds[name] }))
  /** @type {[string, string, number][]} */
  const parts = [
    ['main', 'Main thread', memory.main],
    ['components', 'Components', held],
    ['spare', 'Other workers', spare],
    ['native', "Native, nobody's", unclaimedNative(memory, all)],
    ['reserved', 'Reserved', memory.reservations],
  ]
  // Over the limit, the scale is what is used.
  const scale = Math.max(usage, limit)
  const loaded = all.filter(({ state }) => state === 'ready').length
  const said = `${percent(usage / limit)} of the limit used, pressure ${level}`
  return html`
    <section class="card pressure" aria-labelledby="pressure-title">
      <header>
        <h2 id="pressure-title">Memory pressure</h2>
        <span class="level level-${level}">${level}</span>
      </header>
      <p class="figure">
        <strong>${percent(usage / limit)}</strong>
        <span>${bytes(usage)} of ${bytes(limit)}</span>
        <span class="why">${why.words}</span>
      </p>
      <div
        class="gauge"
        role="meter"
        aria-label="Memory used"
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${Math.min(100, Math.floor((100 * usage) / limit + 1e-9))}
        aria-valuetext=${said}
      >
        ${parts.map(([key, , part]) => html`<span class="part part-${key}" style=${{ width: `${(100 * part) / scale}%` }}></span>`)}
        ${marks.map(
          ({ name, share }) =>
            html`<i class="mark mark-${name}" style=${{ left: `${(100 * share * limit) / scale}%` }}></i>`,
        )}
      </div>
      <div class="gauge-scale" aria-hidden="true">
        ${marks.map(
          ({ name, share }) =>
            html`<span class="mark-${name}" style=${{ left: `${(100 * share * limit) / scale}%` }}>
              <span>${thresholdWords[name]}</span><b>${percent(share)}</b>
            </span>`,
        )}
      </div>
      <dl class="sums">
        ${parts.map(([key, label, part]) => html`<${Sum} name=${html`<i class=${`part-${key}`}></i>${label}`} value=${bytes(part)} title=${label} />`)}
        <${Sum} name="Resident set" value=${bytes(memory.rss)} title="What the system says the process holds" />
        <${Sum}
          name="Unattributed"
          value=${bytes(memory.unattributed)}
          title="Of the resident set, what nobody is known to hold"
        />
        <${Sum} name="Runtime" value=${bytes(memory.runtime)} title="Of what is unattributed, the runtime itself" />
        <${Sum}
          name="Pending"
          value=${bytes(memory.pending)}
          title="Of components that are gone: not yet returned to the system"
        />
        <${Sum} name="Loaded" value=${`${count(loaded)} of ${count(all.length)}`} />
        <${Sum} name="Calls/s" value=${rate(all.reduce((sum, { callRate }) => sum + callRate, 0))} />
        <${Sum} name="Unloads" value=${count(all.reduce((sum, { unloads }) => sum + unloads, 0))} />
        <${Sum}
          name="Regretted"
          value=${`${count(regrets.reloaded)} of ${count(regrets.unloads)}`}
          title=${`Unloads regretted: ${regrets.reloaded} of ${regrets.unloads}. Of the automatic ones, so many were loaded again within a minute`}
        />
      </dl>
      ${!memory.autoUnloadEnabled && html`<p class="note">Automatic unloading is off.</p>`}
    </section>
  `
}

/** @param {{ name: ComponentChildren, value: string, title?: string }} props */
function Sum({ name, value, title }) {
  return html`<div title=${title}>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}

/** @param {{ name: string, value: ComponentChildren, title?: string }} props */
export function Fact({ name, value, title }) {
  return html`<div title=${title}>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
