/** @import { ComponentView } from '../../live/schemas.ts' */

import { useState } from 'preact/hooks'
import { post, problemOf } from './connection.js'
import { Dialog } from './dialog.js'
import { html } from './html.js'
import { FreeDialog, OptionsDialog, PlanDialog } from './memory-dialogs.js'
import { store, useStore } from './store.js'

/** @typedef {{ onClose: () => void }} Closing */

/**
 * Asks for the token; it is kept for as long as the tab is open.
 *
 * @param {Closing} props
 */
export function TokenDialog({ onClose }) {
  /** @param {FormData} form */
  const check = async (form) => {
    const token = form.get('token')
    if (typeof token !== 'string') return
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
  const [open, setOpen] = useState('')
  const close = () => setOpen('')
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

/**
 * What can be done with one component.
 *
 * @param {{ component: ComponentView }} props
 */
export function ComponentActions({ component }) {
  const { actions } = useStore()
  const [open, setOpen] = useState('')
  const [said, setSaid] = useState('')
  const [busy, setBusy] = useState('')
  const { name, state, inUse, dependents } = component
  const path = `/api/components/${encodeURIComponent(name)}`
  const close = () => setOpen('')
  if (!actions) return null
  if (!store.token) {
    return html`<div class="actions"><button onClick=${() => setOpen('token')}>Unlock actions…</button></div>
      ${open === 'token' && html`<${TokenDialog} onClose=${close} />`}`
  }
  /**
   * @param {string} what
   * @param {() => Promise<unknown>} work
   */
  const run = async (what, work) => {
    setBusy(what)
    setSaid('')
    try {
      await work()
      setSaid(`Done: ${what}`)
    } catch (error) {
      setSaid(problemOf(error))
    } finally {
      setBusy('')
    }
  }
  /**
   * @param {string} what
   * @param {string} kind
   * @param {object} [body]
   */
  const fetchFile = (what, kind, body) =>
    run(what, async () => {
      const response = await post(`${path}/${kind}`, store.token, body)
      save(await response.blob(), `${name}.${kind.replace('-', '')}`)
    })
  return html`
    <div class="actions">
      ${
        state === 'ready'
          ? html`<button disabled=${busy} onClick=${() => setOpen('unload')}>Unload…</button>`
          : html`<button
              disabled=${busy || state === 'loading'}
              onClick=${() => run('load', () => post(`${path}/load`, store.token))}
            >
              Load
            </button>`
      }
      ${state === 'failed' && html`<button disabled=${busy} onClick=${() => run('reset', () => post(`${path}/reset`, store.token))}>Reset</button>`}
      <button disabled=${busy || state !== 'ready'} onClick=${() => setOpen('snapshot')}>Heap snapshot…</button>
      <button
        disabled=${busy || state !== 'ready'}
        onClick=${() => fetchFile('CPU profile', 'cpu-profile', { duration: 5_000 })}
      >
        CPU profile (5 s)
      </button>
      <span class="muted" role="status">${busy ? `${busy}…` : said}</span>
    </div>
    ${
      open === 'unload' &&
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
      <//>`
    }
    ${
      open === 'snapshot' &&
      html`<${Dialog}
        title=${`Heap snapshot of ${name}`}
        submit="Write and download"
        onClose=${close}
        onSubmit=${() => void fetchFile('heap snapshot', 'heap-snapshot')}
      >
        <p>
          Its worker answers no calls until the snapshot is written: about a second for 50 MiB of heap. The file holds
          everything that is on the heap, secrets included.
        </p>
      <//>`
    }
  `
}

/**
 * @param {Blob} blob
 * @param {string} fileName
 */
function save(blob, fileName) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
