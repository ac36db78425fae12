/** @import { Line } from './urgent.js' */

import { useMemo, useState } from 'preact/hooks'
import { Badge } from './badge.js'
import { age, clock } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { PlanDialog } from './memory-dialogs.js'
import { useNow, useStore } from './store.js'
import { problemsLink } from './table-view.js'
import { attentionLines } from './urgent.js'

/** Lines that are shown at once. */
const shown = 6

/** What is wrong now, each with a way to its evidence; and, folded, what is set up in a way that costs. */
export function AttentionCard() {
  const { advice, components } = useStore()
  const [all, setAll] = useState(false)
  const lines = useMemo(() => attentionLines(advice, components), [advice, components])
  const rest = advice.filter((piece) => !piece.urgent)
  const hidden = all ? 0 : Math.max(0, lines.length - shown)
  return html`
    <section class=${`card attention ${lines.length > 0 ? 'urgent' : ''}`} aria-labelledby="attention-title">
      <h2 id="attention-title" class=${lines.length > 0 ? '' : 'quiet'}>
        ${lines.length > 0 ? 'Needs attention' : 'Nothing needs attention'}
      </h2>
      ${
        lines.length > 0 &&
        html`<ul>
          ${lines.slice(0, lines.length - hidden).map((line) => html`<${AttentionLine} key=${line.id} line=${line} />`)}
        </ul>`
      }
      ${hidden > 0 && html`<button class="link" onClick=${() => setAll(true)}>${hidden} more</button>`}
      ${rest.length > 0 && html`<${OtherAdvice} advice=${rest} />`}
    </section>
  `
}

/** @param {{ line: Line }} props */
function AttentionLine({ line: { kind, words, since, evidence } }) {
  const [open, setOpen] = useState(false)
  return html`
    <li>
      <${Badge} kind=${kind} />
      <p>${words}</p>
      <${Since} since=${since} />
      ${
        evidence.kind === 'plan'
          ? html`<button class="link" onClick=${() => setOpen(true)}>Dry run</button>`
          : evidence.kind === 'component'
            ? html`<a href=${componentLink(evidence.name)} aria-label=${`Open ${evidence.name}`}>Open</a>`
            : html`<a
                href=${problemsLink(evidence.search, evidence.sort)}
                aria-label=${`Show in the table: ${words}`}
                onClick=${goToTable}
                >Show</a
              >`
      }
      ${open && html`<${PlanDialog} onClose=${() => setOpen(false)} />`}
    </li>
  `
}

/** Once the link was followed. */
function goToTable() {
  setTimeout(() => {
    document.getElementById('components-title')?.scrollIntoView()
    const row = document.querySelector('tbody tr[tabindex="0"]')
    if (row instanceof HTMLElement) row.focus({ preventScroll: true })
  })
}

/** @param {{ since: number }} props */
function Since({ since }) {
  const passed = useNow() - since
  return html`<time dateTime=${new Date(since).toISOString()} title=${`Since ${clock(since)}`}
    >for ${age(passed)}</time
  >`
}

/** @param {{ advice: readonly { id: string, severity: string, message: string }[] }} props */
function OtherAdvice({ advice }) {
  const warnings = advice.filter(({ severity }) => severity === 'warning').length
  return html`
    <details class="advice">
      <summary>
        <h3>Advice</h3>
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
