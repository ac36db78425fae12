/** @import { ComponentChildren } from 'preact' */
/** @import { ComponentView } from '../../live/schemas.ts' */

import { useState } from 'preact/hooks'
import { post, problemOf } from './connection.js'
import { Dialog } from './dialog.js'
import { html } from './html.js'
import { addHeapFile } from './heap-snapshots-store.js'
import { FreeDialog, OptionsDialog, PlanDialog } from './memory-dialogs.js'
import { save } from './save.js'
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
    await post('api/token', token)
    store.token = token
  }
  return html`
    <${Dialog} title="Unlock actions" submit="Unlock" onSubmit=${check} onClose=${onClose}>
      <p class="muted">Actions need the token that the dashboard was started with.</p>
      <label class="stack">Token <input name="token" type="password" required autocomplete="off" autofocus /></label>
    <//>
  `
}

/**
 * A button for what the server does: it says why it cannot be pressed while there is no connection.
 *
 * @param {{ disabled?: boolean, onClick: () => void, children: ComponentChildren }} props
 */
export function ServerButton({ disabled = false, onClick, children }) {
  const { connection } = useStore()
  const lost = connection.status === 'lost'
  return html`<button
    disabled=${disabled || lost}
    title=${lost ? 'Not connected to the server' : undefined}
    onClick=${onClick}
  >
    ${children}
  </button>`
}

/** Where the token is in use: it is forgotten in this tab, and in no other. */
export function ForgetToken() {
  // What is shown changes with the token.
  useStore()
  if (!store.token) return null
  return html`<button
    onClick=${() => store.forgetToken()}
    title="Forgets the token in this tab, with all that was shown by it"
  >
    Forget token
  </button>`
}

/** What can be done with the process as a whole. */
export function ProcessActions() {
  const { actions } = useStore()
  const [open, setOpen] = useState('')
  const close = () => setOpen('')
  const locked = actions && !store.token
  return html`
    <div class="actions">
      <${ServerButton} onClick=${() => setOpen('plan')}>Dry run…<//>
      ${locked && html`<${ServerButton} onClick=${() => setOpen('token')}>Unlock actions…<//>`}
      ${actions && !locked && html`<${ServerButton} onClick=${() => setOpen('free')}>Free memory…<//>`}
      ${actions && !locked && html`<${ServerButton} onClick=${() => setOpen('options')}>Thresholds…<//>`}
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
  const path = `api/components/${encodeURIComponent(name)}`
  const close = () => setOpen('')
  if (!actions) return null
  if (!store.token) {
    return html`<div class="actions"><${ServerButton} onClick=${() => setOpen('token')}>Unlock actions…<//></div>
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
  const fetchFile = async (what, kind, body) => {
    /** @type {{ name: string, blob: Blob } | undefined} */
    let file
    await run(what, async () => {
      const response = await post(`${path}/${kind}`, store.token, body)
      const given = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1]
      file = { name: given ?? `${name}.${kind.replace('-', '')}`, blob: await response.blob() }
    })
    return file
  }
  const profile = async () => {
    const file = await fetchFile('CPU profile', 'cpu-profile', { duration: 5_000 })
    if (file) save(file.blob, file.name)
  }
  /** @param {FormData} form */
  const snapshot = async (form) => {
    const file = await fetchFile('heap snapshot', 'heap-snapshot')
    if (!file) return
    addHeapFile({ component: name, from: 'taken', ...file })
    if (form.get('download') === 'on') save(file.blob, file.name)
  }
  return html`
    <div class="actions">
      ${
        state === 'ready'
          ? html`<${ServerButton} disabled=${busy} onClick=${() => setOpen('unload')}>Unload…<//>`
          : html`<${ServerButton}
              disabled=${busy || state === 'loading'}
              onClick=${() => run('load', () => post(`${path}/load`, store.token))}
            >
              Load
            <//>`
      }
      ${
        state === 'failed' &&
        html`<${ServerButton} disabled=${busy} onClick=${() => run('reset', () => post(`${path}/reset`, store.token))}
          >Reset<//
        >`
      }
      <${ServerButton} disabled=${busy || state !== 'ready'} onClick=${() => setOpen('snapshot')}>Heap snapshot…<//>
      <${ServerButton} disabled=${busy || state !== 'ready'} onClick=${() => void profile()}> CPU profile (5 s) <//>
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
        submit="Take snapshot"
        onClose=${close}
        onSubmit=${(/** @type {FormData} */ form) => void snapshot(form)}
      >
        <p>
          Its worker answers no calls until the snapshot is written: about a second for 50 MiB of heap. The file holds
          everything that is on the heap, secrets included. This tab keeps it, to compare it with others.
        </p>
        <label class="check"
          ><input name="download" type="checkbox" defaultChecked=${true} /> Download it as well</label
        >
      <//>`
    }
  `
}
