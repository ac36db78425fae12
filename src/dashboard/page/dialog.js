/** @import { ComponentChildren } from 'preact' */

import { useEffect, useRef, useState } from 'preact/hooks'
import { problemOf } from './connection.js'
import { html } from './html.js'
import { useStore } from './store.js'

/**
 * A modal dialog with a form.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {string} [props.submit]
 * @param {boolean} [props.danger]
 * @param {(form: FormData) => unknown} props.onSubmit may be asynchronous: what it throws is shown, and the dialog stays.
 * @param {() => void} props.onClose
 * @param {ComponentChildren} [props.children]
 */
export function Dialog({ title, submit, danger = false, onSubmit, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null))
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const lost = useStore().connection.status === 'lost'
  useEffect(() => {
    const { current } = element
    current?.showModal()
    return () => current?.close()
  }, [])

  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const send = async (event) => {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await onSubmit(new FormData(event.currentTarget))
      onClose()
    } catch (error) {
      setProblem(problemOf(error))
      setBusy(false)
    }
  }
  return html`
    <dialog ref=${element} aria-labelledby="dialog-title" onClose=${onClose}>
      <form onSubmit=${send}>
        <h2 id="dialog-title">${title}</h2>
        ${children} ${lost && submit && html`<p class="note error" role="status">Not connected to the server.</p>`}
        ${problem && html`<p class="note error" role="alert">${problem}</p>`}
        <div class="buttons">
          <button type="button" onClick=${() => element.current?.close()}>${submit ? 'Cancel' : 'Close'}</button>
          ${submit && html`<button class=${danger ? 'danger' : 'primary'} disabled=${busy || lost}>${busy ? 'Working…' : submit}</button>`}
        </div>
      </form>
    </dialog>
  `
}
