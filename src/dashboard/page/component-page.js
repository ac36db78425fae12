/** @import { ComponentView } from '../../live/schemas.ts' */
/** @import { Detail } from './component-detail.js' */

import { ComponentActions } from './actions.js'
import { Badge } from './badge.js'
import { ComponentChart } from './component-chart.js'
import { useDetail } from './component-detail.js'
import { CallersCard, LastErrorsCard } from './component-calls.js'
import { HoldsCard, RelationsCard, WorkCard } from './component-facts.js'
import { State } from './component-cells.js'
import { EventList } from './event-list.js'
import { age, clock } from './format.js'
import { HeapSnapshots } from './heap-snapshots.js'
import { html } from './html.js'
import { overviewLink } from './route.js'
import { useLive, useNow } from './store.js'
import { troubles, wrongWith } from './urgent.js'
import { crashReason, hostWords, nextWords, unloadReason } from './words.js'

/**
 * Everything about one component, what one comes for first.
 *
 * @param {{ name: string }} props
 */
export function ComponentPage({ name }) {
  const { components, events } = useLive()
  const detail = useDetail(name)
  const component = components.get(name)
  if (!component) {
    return html`<section class="card">
      <p class="empty">No component named “${name}” is registered. <a href=${overviewLink()}>All components</a></p>
    </section>`
  }
  const marks = detail?.marks ?? []
  const unreached = (component.errorShare ?? 0) > 0 || marks.some(({ kind }) => kind === 'load-error')
  return html`
    <nav class="back" aria-label="Breadcrumb"><a href=${overviewLink()}>← All components</a></nav>
    <${Summary} component=${component} marks=${marks} />
    <div class="wide-first">
      <${ComponentChart} component=${component} marks=${marks} />
      <${HoldsCard} component=${component} />
    </div>
    <div class="halves">
      <${CallersCard} callers=${detail?.callers} unreached=${unreached} />
      <${LastErrorsCard}
        errors=${detail?.lastErrors}
        marks=${marks}
        crashes=${component.crashes}
        unreached=${unreached}
      />
    </div>
    <div class="halves">
      <${WorkCard} component=${component} />
      <${RelationsCard} component=${component} />
    </div>
    <${HeapSnapshots} component=${component} />
    <section class="card" aria-labelledby="own-events-title">
      <header><h2 id="own-events-title">Its events</h2></header>
      <${EventList} events=${events.filter((event) => event.component === name)} bare=${true} />
    </section>
  `
}

/**
 * The state it is in and why, whether it stays, and what is wrong.
 *
 * @param {{ component: ComponentView, marks: Detail['marks'] }} props
 */
function Summary({ component, marks }) {
  const { advice, plan } = useLive()
  const { name, family, failure, next } = component
  const wrong = wrongWith(component, troubles(advice))
  const own = advice.filter((piece) => piece.component === name).sort((a, b) => Number(b.urgent) - Number(a.urgent))
  return html`
    <section class="card summary" aria-labelledby="component-title">
      <header>
        <h2 id="component-title" tabindex="-1">
          ${name}
          <${State} state=${component.state} troubled=${wrong.length > 0} />
          ${wrong.map((kind) => html`<${Badge} kind=${kind} />`)}
        </h2>
        <${ComponentActions} component=${component} />
      </header>
      <p><${Why} component=${component} marks=${marks} /></p>
      <p class="muted">
        ${next.verdict !== 'not-loaded' && html`<b>${plan.actual ? 'Next round' : `If pressure were ${plan.level}`}</b>: it ${nextWords(next)}. `}
        ${`A ${component.type} of priority ${component.priority}${component.pinned ? ', pinned' : ''}, in ${component.isolation === 'process' ? hostWords(component) : 'a thread'}`}
        ${family !== null && html`, of the family <a href=${familyLink(family)}>${family}</a>`}.
      </p>
      ${
        failure &&
        html`<p class="note error">
          ${`It failed too often: ${failure.message}. It is tried again in `}<${Until} time=${failure.retryAt} />.
        </p>`
      }
      ${own.map(
        ({ id, urgent, severity, message, since }) =>
          html`<p key=${id} class=${`note ${urgent ? 'error' : severity === 'warning' ? 'warning' : ''}`}>
            <b>${urgent ? 'Needs attention' : 'Advice'}</b>
            <span class="since">${`since ${clock(since)}`}</span> ${message}
          </p>`,
      )}
    </section>
  `
}

/** @param {{ component: ComponentView, marks: Detail['marks'] }} props */
function Why({ component: { name, state, since, generation, stuckFor }, marks }) {
  const lasted = age(useNow() - since)
  const last = marks.at(-1)
  const stuck = stuckFor > 0 ? ` Its event loop has not turned for ${age(stuckFor)}.` : ''
  if (state === 'ready') {
    const load = marks.findLast(({ kind }) => kind === 'load')
    const why = load?.why ? ` ${load.why}` : ''
    return `Loaded ${lasted} ago${why}: generation ${generation}.${stuck}`
  }
  if (state === 'unloaded' && last && last.kind !== 'load') {
    const reason = last.reason ?? ''
    if (last.kind === 'load-error')
      return `Its last load failed ${lasted} ago${last.why ? `: ${last.why}` : ''}. The next call tries again.`
    const ended =
      last.kind === 'crash'
        ? `Crashed ${lasted} ago: ${crashReason(reason)}.`
        : `Unloaded ${lasted} ago: ${unloadReason(reason)}.`
    return `${ended}${last.why ? ` ${last.why}` : ''} The next call loads it again.`
  }
  if (state === 'unloaded')
    return generation === 0 ? `“${name}” has not been loaded yet: its first call does that.` : `Unloaded for ${lasted}.`
  return `In this state for ${lasted}.${stuck}`
}

/**
 * The table with the members of a family alone.
 *
 * @param {string} family
 */
const familyLink = (family) => `#/?${new URLSearchParams({ q: `${family}:` })}`

/** @param {{ time: number }} props */
function Until({ time }) {
  return age(time - useNow())
}
