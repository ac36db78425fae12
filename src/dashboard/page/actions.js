import { useEffect, useState } from 'preact/hooks'
import { get, post } from './connection.js'
import { Dialog } from './dialog.js'
import { bytes, percent } from './format.js'
import { html } from './html.js'
import { store, useStore } from './store.js'
import { stayReason } from './words.js'

const mib = 1024 ** 2

/** Asks for the token; it is kept for as long as the tab is open. */
export function TokenDialog({ onClose }) {
  const check = async (form) => {
    const token = form.get('token')
    await post('/api/token', token)
    store.token = token
  }
  return html`
    <${Dialog} title="Unlock actions" submit="Unlock" onSubmit=${check} onClose=${onClose}>
      <p class="muted">Actions need the token that the dashboard was started with.</p>
      <label class="stack">Token <input name="token" type="password" required autocomplete="off" autofocus /></label>
    <//>
  `
}

/** What can be done with the process as a whole. */
export function ProcessActions() {
  const { actions } = useStore()
  const [open, setOpen] = useState()
  const close = () => setOpen(undefined)
  const locked = actions && !store.token
  return html`
    <div class="actions">
      <button onClick=${() => setOpen('plan')}>Dry run…</button>
      ${locked && html`<button onClick=${() => setOpen('token')}>Unlock actions…</button>`}
      ${actions && !locked && html`<button onClick=${() => setOpen('free')}>Free memory…</button>`}
      ${actions && !locked && html`<button onClick=${() => setOpen('options')}>Thresholds…</button>`}
    </div>
    ${open === 'token' && html`<${TokenDialog} onClose=${close} />`}
    ${open === 'plan' && html`<${PlanDialog} onClose=${close} />`}
    ${open === 'free' && html`<${FreeDialog} onClose=${close} />`}
    ${open === 'options' && html`<${OptionsDialog} onClose=${close} />`}
  `
}

/** What can be done with one component. */
export function ComponentActions({ component }) {
  const { actions } = useStore()
  const [open, setOpen] = useState()
  const [said, setSaid] = useState('')
  const [busy, setBusy] = useState('')
  const { name, state, inUse, dependents } = component
  const path = `/api/components/${encodeURIComponent(name)}`
  const close = () => setOpen(undefined)
  if (!actions) return null
  if (!store.token) {
    return html`<div class="actions"><button onClick=${() => setOpen('token')}>Unlock actions…</button></div>
      ${open === 'token' && html`<${TokenDialog} onClose=${close} />`}`
  }
  const run = async (what, work) => {
    setBusy(what)
    setSaid('')
    try {
      await work()
      setSaid(`Done: ${what}`)
    } catch (error) {
      setSaid(error.message)
    } finally {
      setBusy('')
    }
  }
  const fetchFile = (what, kind, body) =>
    run(what, async () => save(await post(`${path}/${kind}`, store.token, body, 'blob'), `${name}.${kind.replace('-', '')}`))
  return html`
    <div class="actions">
      ${state === 'ready'
        ? html`<button disabled=${busy} onClick=${() => setOpen('unload')}>Unload…</button>`
        : html`<button disabled=${busy || state === 'loading'} onClick=${() => run('load', () => post(`${path}/load`, store.token))}>Load</button>`}
      ${state === 'failed' && html`<button disabled=${busy} onClick=${() => run('reset', () => post(`${path}/reset`, store.token))}>Reset</button>`}
      <button disabled=${busy || state !== 'ready'} onClick=${() => setOpen('snapshot')}>Heap snapshot…</button>
      <button disabled=${busy || state !== 'ready'} onClick=${() => fetchFile('CPU profile', 'cpu-profile', { duration: 5_000 })}>CPU profile (5 s)</button>
      <span class="muted" role="status">${busy ? `${busy}…` : said}</span>
    </div>
    ${open === 'unload' &&
    html`<${Dialog}
      title=${`Unload ${name}?`}
      submit="Unload"
      danger=${true}
      onClose=${close}
      onSubmit=${() => post(`${path}/unload`, store.token)}
    >
      <p>
        ${inUse > 0 ? `It is in use (${inUse}): calls under way have 5 s, then they reject. ` : 'It is idle. '}
        ${dependents.length > 0 ? `Needed by ${dependents.join(', ')}. ` : ''}The next call loads it again.
      </p>
    <//>`}
    ${open === 'snapshot' &&
    html`<${Dialog}
      title=${`Heap snapshot of ${name}`}
      submit="Write and download"
      onClose=${close}
      onSubmit=${() => void fetchFile('heap snapshot', 'heap-snapshot')}
    >
      <p>Its worker answers no calls until the snapshot is written: about a second for 50 MiB of heap. The file holds everything that is on the heap, secrets included.</p>
    <//>`}
  `
}

function save(blob, fileName) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** What a round would do at a level, without doing it. */
function PlanDialog({ onClose }) {
  const { memory } = useStore()
  const [level, setLevel] = useState(memory.pressureLevel === 'low' ? 'medium' : memory.pressureLevel)
  const plan = useAnswer(`/api/plan?level=${level}`)
  return html`
    <${Dialog} title="Dry run" onSubmit=${() => {}} onClose=${onClose}>
      <label class="stack">
        What would be unloaded at pressure
        <select value=${level} onChange=${({ target }) => setLevel(target.value)}>
          ${['low', 'medium', 'high', 'critical'].map((value) => html`<option value=${value}>${value}</option>`)}
        </select>
      </label>
      <${Plan} answer=${plan} />
    <//>
  `
}

function FreeDialog({ onClose }) {
  const plan = useAnswer('/api/plan?level=critical')
  const [size, setSize] = useState('100')
  const free = async () => {
    const { result } = await post('/api/memory/free', store.token, { bytes: Number(size) * mib })
    if (!result.satisfied) {
      throw new Error(`Freed ${bytes(result.freed)} (${result.unloaded.join(', ') || 'nothing may be unloaded'}); ${bytes(result.shortfall)} short.`)
    }
  }
  return html`
    <${Dialog} title="Free memory" submit="Free" danger=${true} onSubmit=${free} onClose=${onClose}>
      <label class="stack">
        MiB to free
        <input type="number" min="1" max="1048576" required value=${size} onInput=${({ target }) => setSize(target.value)} />
      </label>
      <p class="muted">Idle components are unloaded, the least important first, until so much is free. In this order, at most:</p>
      <${Plan} answer=${plan} />
    <//>
  `
}

function Plan({ answer: { value, problem } }) {
  if (problem) return html`<p class="note error" role="alert">${problem}</p>`
  if (!value) return html`<p class="muted">…</p>`
  const { victims, kept, need, freed } = value
  return html`
    <div role="status">
      <p>${need > 0 ? `To free: ${bytes(need)}. ` : 'Nothing has to be freed. '}${victims.length > 0 ? `It would free ${bytes(freed)}:` : 'Nothing would go.'}</p>
      ${victims.length > 0 && html`<ol class="plan">${victims.map((victim) => html`<li><b>${victim.name}</b> ${bytes(victim.bytes)}</li>`)}</ol>`}
      ${kept.length > 0 &&
      html`<details>
        <summary>${kept.length} would stay</summary>
        <ul class="plan">${kept.map(({ name, reason }) => html`<li><b>${name}</b> ${stayReason(reason)}</li>`)}</ul>
      </details>`}
    </div>
  `
}

function OptionsDialog({ onClose }) {
  const [memory] = useState(store.state.memory)
  const share = (name) => Number((memory.thresholds[name] * 100).toFixed(1))
  const change = (form) =>
    post('/api/memory/options', store.token, {
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
      <label class="stack">Limit, MiB <input name="totalLimit" type="number" min="1" step="any" required defaultValue=${Math.round(memory.totalLimit / mib)} /></label>
      <div class="four">
        ${['low', 'medium', 'high', 'critical'].map(
          (name) =>
            html`<label class="stack">${name}, % <input name=${name} type="number" min="1" max="100" step="any" required defaultValue=${share(name)} /></label>`,
        )}
      </div>
      <label class="stack">Least idle time, s <input name="minIdleTime" type="number" min="0" step="any" required defaultValue=${memory.minIdleTime / 1_000} /></label>
      <label class="check"><input name="autoUnloadEnabled" type="checkbox" defaultChecked=${memory.autoUnloadEnabled} /> Unload by itself when memory is short</label>
      <p class="muted">Until the program ends. Now ${percent(memory.usage / memory.limit)} of the limit are used.</p>
    <//>
  `
}

/** The answer to a GET, asked for again when the path changes. */
function useAnswer(path) {
  const [answer, setAnswer] = useState({})
  useEffect(() => {
    let gone = false
    get(path, store.token).then(
      (value) => !gone && setAnswer({ value }),
      (error) => !gone && setAnswer({ problem: error.message }),
    )
    return () => {
      gone = true
    }
  }, [path])
  return answer
}
