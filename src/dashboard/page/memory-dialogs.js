/** @import { Answer, MemoryView } from '../../live/schemas.ts' */
/** @import { Closing } from './actions.js' */

import { useEffect, useState } from 'preact/hooks'
import { get, post, problemOf } from './connection.js'
import { Dialog } from './dialog.js'
import { bytes, percent } from './format.js'
import { html, withValue } from './html.js'
import { store, useLive, useStore } from './store.js'
import { stayReason } from './words.js'

const mib = 1024 ** 2

/** @typedef {MemoryView['pressureLevel']} Level */
/** @type {readonly Level[]} */
const levels = ['low', 'medium', 'high', 'critical']

/** @typedef {Answer<'/api/plan'>} PlanAnswer */
/** @typedef {{ satisfied: boolean, freed: number, shortfall: number, unloaded: readonly string[] }} FreedMemory bytes */
/** @typedef {{ value?: PlanAnswer, problem?: string }} Answered neither while it is waited for */

/**
 * What a round would do at a level, without doing it.
 *
 * @param {Closing} props
 */
export function PlanDialog({ onClose }) {
  const { memory } = useLive()
  const [level, setLevel] = useState(
    /** @type {Level} */ (memory.pressureLevel === 'low' ? 'medium' : memory.pressureLevel),
  )
  const plan = usePlan(level)
  return html`
    <${Dialog} title="Dry run" onSubmit=${() => {}} onClose=${onClose}>
      <label class="stack">
        What would be unloaded at pressure
        <select value=${level} onChange=${withValue((value) => setLevel(/** @type {Level} */ (value)))}>
          ${levels.map((value) => html`<option value=${value}>${value}</option>`)}
        </select>
      </label>
      <${Plan} answer=${plan} />
    <//>
  `
}

/** @param {Closing} props */
export function FreeDialog({ onClose }) {
  const plan = usePlan('critical')
  const [size, setSize] = useState('100')
  const free = async () => {
    const response = await post('api/memory/free', store.token, { bytes: Number(size) * mib })
    /** @type {{ result: FreedMemory }} */
    const { result } = await response.json()
    if (!result.satisfied) {
      throw new Error(
        `Freed ${bytes(result.freed)} (${result.unloaded.join(', ') || 'nothing may be unloaded'}); ${bytes(result.shortfall)} short.`,
      )
    }
  }
  return html`
    <${Dialog} title="Free memory" submit="Free" danger=${true} onSubmit=${free} onClose=${onClose}>
      <label class="stack">
        MiB to free
        <input type="number" min="1" max="1048576" required value=${size} onInput=${withValue(setSize)} />
      </label>
      <${Removable} answer=${plan} />
    <//>
  `
}

/**
 * Which components could go for memory that is asked for: as at critical pressure, no idle time protects them.
 *
 * @param {{ answer: Answered }} props
 */
function Removable({ answer: { value, problem } }) {
  const { components } = useStore()
  if (problem) return html`<p class="note error" role="alert">${problem}</p>`
  if (!value) return html`<p class="muted">…</p>`
  const names = [
    ...value.victims,
    ...value.kept.filter(({ reason }) => reason === 'enough' || reason === 'not-chosen'),
  ].map(({ name }) => name)
  const sizes = names.map((name) => components.get(name)?.memory?.total ?? 0)
  return html`
    <div role="status">
      <p>
        ${
          names.length === 0
            ? 'Nothing may be unloaded now.'
            : `Unloaded until so much is free, ${bytes(sizes.reduce((sum, size) => sum + size, 0))} at most:`
        }
      </p>
      <ul class="plan">
        ${names.map((name, index) => html`<li><b>${name}</b> ${bytes(sizes[index])}</li>`)}
      </ul>
    </div>
  `
}

/** @param {{ answer: Answered }} props */
function Plan({ answer: { value, problem } }) {
  if (problem) return html`<p class="note error" role="alert">${problem}</p>`
  if (!value) return html`<p class="muted">…</p>`
  const { victims, kept, need, freed } = value
  return html`
    <div role="status">
      <p>
        ${need > 0 ? `To free: ${bytes(need)}. ` : 'Nothing has to be freed. '}${victims.length > 0 ? `It would free ${bytes(freed)}:` : 'Nothing would go.'}
      </p>
      ${
        victims.length > 0 &&
        html`<ol class="plan">
          ${victims.map((victim) => html`<li><b>${victim.name}</b> ${bytes(victim.bytes)}</li>`)}
        </ol>`
      }
      ${
        kept.length > 0 &&
        html`<details>
          <summary>${kept.length} would stay</summary>
          <ul class="plan">
            ${kept.map(({ name, reason }) => html`<li><b>${name}</b> ${stayReason(reason)}</li>`)}
          </ul>
        </details>`
      }
    </div>
  `
}

/** @param {Closing} props */
export function OptionsDialog({ onClose }) {
  // As it was when the dialog was opened.
  const [memory] = useState(useLive().memory)
  /** @param {Level} name */
  const share = (name) => Number((memory.thresholds[name] * 100).toFixed(1))
  /** @param {FormData} form */
  const change = (form) =>
    post('api/memory/options', store.token, {
      totalLimit: Number(form.get('totalLimit')) * mib,
      lowThreshold: Number(form.get('low')) / 100,
      mediumThreshold: Number(form.get('medium')) / 100,
      highThreshold: Number(form.get('high')) / 100,
      criticalThreshold: Number(form.get('critical')) / 100,
      minIdleTime: Number(form.get('minIdleTime')) * 1_000,
      autoUnloadEnabled: form.get('autoUnloadEnabled') === 'on',
    })
  return html`
    <${Dialog} title="Thresholds" submit="Change" onSubmit=${change} onClose=${onClose}>
      <label class="stack"
        >Limit, MiB
        <input
          name="totalLimit"
          type="number"
          min="1"
          step="any"
          required
          defaultValue=${Math.round(memory.totalLimit / mib)}
      /></label>
      <div class="four">
        ${levels.map(
          (name) =>
            html`<label class="stack"
              >${name}, %
              <input name=${name} type="number" min="1" max="100" step="any" required defaultValue=${share(name)}
            /></label>`,
        )}
      </div>
      <label class="stack"
        >Least idle time, s
        <input name="minIdleTime" type="number" min="0" step="any" required defaultValue=${memory.minIdleTime / 1_000}
      /></label>
      <label class="check"
        ><input name="autoUnloadEnabled" type="checkbox" defaultChecked=${memory.autoUnloadEnabled} /> Unload by itself
        when memory is short</label
      >
      <p class="muted">Until the program ends. Now ${percent(memory.usage / memory.limit)} of the limit are used.</p>
    <//>
  `
}

/**
 * What a round would do at a level, asked for again when that changes.
 *
 * @param {Level} level
 */
function usePlan(level) {
  const [answer, setAnswer] = useState(/** @type {Answered} */ ({}))
  useEffect(() => {
    let gone = false
    get(`api/plan?level=${level}`, store.token).then(
      (value) => !gone && setAnswer({ value }),
      (error) => !gone && setAnswer({ problem: problemOf(error) }),
    )
    return () => {
      gone = true
    }
  }, [level])
  return answer
}
