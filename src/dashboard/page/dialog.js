import { useEffect, useRef, useState } from 'preact/hooks'
import { html } from './html.js'

/** A modal dialog with a form. `onSubmit` may be asynchronous: what it throws is shown, and the dialog stays. */
export function Dialog({ title, submit, danger = false, onSubmit, onClose, children }) {
  const element = useRef()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const { current } = element
    current.showModal()
    return () => current.close()
  }, [])

  const send = async (event) => {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await onSubmit(new FormData(event.target))
      onClose()
    } catch (error) {
      setProblem(error.message)
      setBusy(false)
    }
  }
  return html`
    <dialog ref=${element} aria-labelledby="dialog-title" onClose=${onClose}>
      <form onSubmit=${send}>
        <h2 id="dialog-title">${title}</h2>
        ${children} ${problem && html`<p class="note error" role="alert">${problem}</p>`}
        <div class="buttons">
          <button type="button" onClick=${() => element.current.close()}>Cancel</button>
          ${submit && html`<button class=${danger ? 'danger' : 'primary'} disabled=${busy}>${busy ? 'Working…' : submit}</button>`}
        </div>
      </form>
    </dialog>
  `
}
