/** @import { ComponentView } from '../../live/schemas.ts' */

import { Idle, MemoryBar, State } from './component-cells.js'
import { bytes, count, duration, failedShare, percent, rate } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { Fact } from './pressure.js'
import { useStore } from './store.js'
import { hostWords, nextWords } from './words.js'

/** Members of a family that are named; the others are a click away. */
const mostMembers = 12

/** @typedef {{ component: ComponentView }} Shown */

/**
 * What it holds, and may hold.
 *
 * @param {Shown} props
 */
export function HoldsCard({ component }) {
  const { memory, learnedPeak, memoryEstimate, memoryLimit } = component
  const largest = Math.max(memory?.total ?? 0, learnedPeak ?? 0, 1)
  return html`
    <section class="card holds" aria-labelledby="holds-title">
      <header><h2 id="holds-title">What it holds</h2></header>
      <p class="figure">
        <strong>${bytes(memory?.total)}</strong>${memory?.stale ? html`<span>the last known figure</span>` : ''}
      </p>
      <${MemoryBar} memory=${memory} largest=${largest} />
      <ul class="key">
        <li><i class="bar-heap"></i>Heap <b>${bytes(memory?.physical)}</b></li>
        <li><i class="bar-external"></i>External <b>${bytes(memory?.external)}</b></li>
        <li>
          <i class="bar-native"></i>Native <b>${bytes(memory && memory.malloced + memory.reported + memory.native)}</b>
        </li>
      </ul>
      <dl class="facts">
        <${Fact} name="Heap in use" value=${bytes(memory?.used)} title="Live objects and garbage not yet collected" />
        <${Fact} name="V8's own" value=${bytes(memory?.malloced)} />
        <${Fact} name="Reported" value=${bytes(memory?.reported)} title="Native memory that it told of" />
        <${Fact}
          name="Taken to have"
          value=${bytes(memory?.native)}
          title="Native memory that nobody told of, and that it is taken to have"
        />
        <${Fact} name="Peak" value=${bytes(memory?.peak)} title="Of this generation" />
        <${Fact} name="Learned peak" value=${bytes(learnedPeak)} title="What its next load reserves" />
        <${Fact} name="Estimate" value=${memoryEstimate > 0 ? bytes(memoryEstimate) : 'none'} />
        <${Fact} name="Limit" value=${memoryLimit === null ? 'the total limit' : bytes(memoryLimit)} />
      </dl>
    </section>
  `
}

/** @param {Shown} props */
export function WorkCard({ component }) {
  const { load, regrets } = component
  return html`
    <section class="card" aria-labelledby="work-title">
      <header><h2 id="work-title">Work</h2></header>
      <dl class="facts">
        <${Fact} name="Calls" value=${count(component.calls)} />
        <${Fact}
          name="Errors"
          value=${count(component.errors)}
          title="Of the calls that reached it, those that failed"
        />
        <${Fact}
          name="Failed, last minute"
          value=${failedShare(component.errorShare)}
          title="Share of all calls of the last minute, also of those that did not reach it"
        />
        <${Fact} name="Calls per second" value=${rate(component.callRate)} />
        <${Fact} name="p50 / p99" value=${`${duration(component.p50)} / ${duration(component.p99)}`} />
        <${Fact} name="In use" value=${count(component.inUse)} />
        <${Fact} name="Waiting" value=${count(component.waiting)} title="Calls that wait for it to be loaded" />
        <${Fact} name="Idle" value=${html`<${Idle} component=${component} />`} />
        <${Fact} name="CPU / event loop" value=${load ? `${percent(load.cpu)} / ${percent(load.eventLoop)}` : '–'} />
        <${Fact} name="Runs in" value=${component.isolation === 'process' ? hostWords(component) : 'a thread'} />
        <${Fact} name="Generation" value=${count(component.generation)} />
        <${Fact} name="Loads / unloads" value=${`${count(component.loads)} / ${count(component.unloads)}`} />
        <${Fact}
          name="Regrets"
          value=${count(regrets)}
          title="Loads within a minute of an unload that nobody had asked for"
        />
        <${Fact} name="Crashes" value=${count(component.crashes)} />
        <${Fact} name="Last load took" value=${duration(component.lastLoadTime)} />
      </dl>
    </section>
  `
}

/**
 * Whom it needs and who needs it, its copies, and its family.
 *
 * @param {Shown} props
 */
export function RelationsCard({ component }) {
  const { components } = useStore()
  const { name, family, instances, dependencies, dependents } = component
  const members =
    family === null ? [] : [...components.values()].filter((each) => each.family === family && each.name !== name)
  const addons =
    component.addons.length > 0 &&
    html`<h3>Native addons</h3>
      <p>${component.addons.join(', ')}</p>`
  return html`
    <section class="card relations" aria-labelledby="relations-title">
      <header><h2 id="relations-title">Around it</h2></header>
      <div class="split">
        <${Links} title="Needs" names=${dependencies} />
        <${Links} title="Needed by" names=${dependents} />
      </div>
      ${
        instances.length > 1 &&
        html`<h3>Copies</h3>
          <ul class="copies">
            ${instances.map(
              (copy) =>
                html`<li key=${copy.name}>
                  <b>${copy.name}</b> <${State} state=${copy.state} />
                  <span class="muted"
                    >${`generation ${copy.generation}, ${bytes(copy.memory?.total)}, ${count(copy.calls)} calls, in use ${count(copy.inUse)}; ${nextWords(copy.next)}`}</span
                  >
                </li>`,
            )}
          </ul>`
      }
      ${
        family !== null &&
        html`<${Links}
            title=${`Others of the family ${family}`}
            names=${members.slice(0, mostMembers).map((each) => each.name)}
          />
          ${
            members.length > mostMembers &&
            html`<p>
              <a href=${`#/?${new URLSearchParams({ q: `${family}:` })}`}>All ${count(members.length + 1)}</a>
            </p>`
          }`
      }
      ${addons}
    </section>
  `
}

/** @param {{ title: string, names: readonly string[] }} props */
function Links({ title, names }) {
  const { components } = useStore()
  return html`<div>
    <h3>${title}</h3>
    ${
      names.length === 0
        ? html`<p class="muted">Nothing.</p>`
        : html`<ul class="links">
            ${names.map(
              (name) =>
                html`<li key=${name}>
                  <a href=${componentLink(name)}>${name}</a>
                  ${components.has(name) ? html`<${State} state=${components.get(name)?.state} />` : ''}
                </li>`,
            )}
          </ul>`
    }
  </div>`
}
