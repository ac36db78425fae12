import { html } from './html.js'
import { useStore } from './store.js'

/** What is set up in a way that costs. */
export function AdviceCard() {
  const { advice } = useStore()
  if (advice.length === 0) return null
  const warnings = advice.filter(({ severity }) => severity === 'warning').length
  return html`
    <details class="card advice">
      <summary>
        <h2>Advice</h2>
        <span class="muted"
          >${advice.length === 1 ? 'one piece' : `${advice.length} pieces`}${warnings > 0 ? `, ${warnings} of them a warning` : ''}</span
        >
      </summary>
      <ul>
        ${advice.map(({ id, severity, message }) => html`<li key=${id} class=${`advice-${severity}`}><b>${severity}</b> ${message}</li>`)}
      </ul>
    </details>
  `
}
