/** @import { AlignedData, Series } from 'uplot' */
/** @import { ComponentView } from '../../live/schemas.ts' */

import { useEffect, useMemo, useState } from 'preact/hooks'
import { ComponentActions } from './actions.js'
import { Idle, MemoryBar, State } from './component-cells.js'
import { get } from './connection.js'
import { EventList } from './event-list.js'
import { age, bytes, count, duration, percent, rate } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { memoryPlot, Plot } from './plot.js'
import { Fact } from './pressure.js'
import { overviewLink } from './route.js'
import { store, useLive, useNow, useStore } from './store.js'
import { colour, colourOf } from './theme.js'
import { hostWords, nextWords } from './words.js'

const shownFor = 15 * 60_000

/**
 * The workers that share its calls, or that one of replaces another.
 *
 * @param {{ instances: ComponentView['instances'] }} props
 */
function Copies({ instances }) {
  return html`
    <h3>Copies</h3>
    <dl class="facts">
      ${instances.map(
        ({ name, state, generation, memory, calls, inUse, next }) =>
          html`<${Fact}
            key=${name}
            name=${name}
            value=${`${state}, ${bytes(memory?.total)}, ${count(calls)} calls, in use ${count(inUse)}`}
            title=${`Generation ${generation}; with the next round of unloads it ${nextWords(next)}`}
          />`,
      )}
    </dl>
  `
}

/** @typedef {{ name: string | undefined, times: readonly number[], values: readonly number[] }} Loaded of whom, epoch ms, bytes */

/**
 * Everything about one component.
 *
 * @param {{ name: string }} props
 */
export function ComponentPage({ name }) {
  const { components, events, plan } = useLive()
  const component = components.get(name)
  if (!component) {
    return html`<section class="card">
      <p class="empty">No component named “${name}” is registered. <a href="#/">All components</a></p>
    </section>`
  }
  const { memory, state, next } = component
  const largest = Math.max(memory?.total ?? 0, component.learnedPeak ?? 0, 1)
  return html`
    <nav class="back" aria-label="Breadcrumb"><a href=${overviewLink()}>← All components</a></nav>
    <section class="card" aria-labelledby="component-title">
      <header>
        <h2 id="component-title" tabindex="-1">${name} <${State} state=${state} /></h2>
        <${ComponentActions} component=${component} />
      </header>
      <p class="muted">
        ${`${component.type}, priority ${component.priority}${component.pinned ? ', pinned' : ''}. For `}
        <${Since} since=${component.since} />
        ${` in this state. ${plan.actual ? 'Next round: it' : `If pressure were ${plan.level}, it`} `}
        ${`${next.verdict === 'not-loaded' ? 'is not loaded' : nextWords(next)}.`}
      </p>
      ${
        component.failure &&
        html`<p class="note error">
          ${`It failed too often: ${component.failure.message}. It is tried again in `}
          <${Until} time=${component.failure.retryAt} />.
        </p>`
      }
      <div class="split">
        <div>
          <h3>Memory</h3>
          <${MemoryBar} memory=${memory} largest=${largest} />
          <dl class="facts">
            <${Fact} name="Now" value=${bytes(memory?.total)} />
            <${Fact} name="Heap" value=${bytes(memory?.physical)} title="Pages that are really there" />
            <${Fact}
              name="Heap in use"
              value=${bytes(memory?.used)}
              title="Live objects and garbage not yet collected"
            />
            <${Fact} name="External" value=${bytes(memory?.external)} title="ArrayBuffers and Buffers" />
            <${Fact} name="V8's own" value=${bytes(memory?.malloced)} />
            <${Fact} name="Reported" value=${bytes(memory?.reported)} title="Native memory that it told of" />
            <${Fact}
              name="Native"
              value=${bytes(memory?.native)}
              title="Native memory that nobody told of, and that it is taken to have"
            />
            <${Fact} name="Peak of this generation" value=${bytes(memory?.peak)} />
            <${Fact} name="Learned peak" value=${bytes(component.learnedPeak)} title="What its next load reserves" />
            <${Fact} name="Estimate" value=${component.memoryEstimate > 0 ? bytes(component.memoryEstimate) : 'none'} />
            <${Fact}
              name="Limit"
              value=${component.memoryLimit === null ? 'the total limit' : bytes(component.memoryLimit)}
            />
          </dl>
        </div>
        <div>
          <h3>Work</h3>
          <dl class="facts">
            <${Fact} name="Calls" value=${count(component.calls)} />
            <${Fact} name="Errors" value=${count(component.errors)} />
            <${Fact} name="Calls per second" value=${rate(component.callRate)} />
            <${Fact} name="p50 / p99" value=${`${duration(component.p50)} / ${duration(component.p99)}`} />
            <${Fact} name="In use" value=${count(component.inUse)} />
            <${Fact} name="Waiting" value=${count(component.waiting)} title="Calls that wait for it to be loaded" />
            <${Fact} name="Idle" value=${html`<${Idle} component=${component} />`} />
            <${Fact}
              name="CPU / event loop"
              value=${component.load ? `${percent(component.load.cpu)} / ${percent(component.load.eventLoop)}` : '–'}
            />
            <${Fact} name="Runs in" value=${component.isolation === 'process' ? hostWords(component) : 'a thread'} />
            <${Fact} name="Generation" value=${count(component.generation)} />
            <${Fact} name="Loads / unloads" value=${`${count(component.loads)} / ${count(component.unloads)}`} />
            <${Fact} name="Crashes" value=${count(component.crashes)} />
            <${Fact} name="Last load took" value=${duration(component.lastLoadTime)} />
          </dl>
        </div>
      </div>
      ${component.instances.length > 1 && html`<${Copies} instances=${component.instances} />`}
      <h3>Memory over time</h3>
      <${History} component=${component} />
      <div class="split">
        <${Links} title="Needs" names=${component.dependencies} />
        <${Links} title="Needed by" names=${component.dependents} />
      </div>
    </section>
    <section class="card" aria-labelledby="own-events-title">
      <header><h2 id="own-events-title">Its events</h2></header>
      <${EventList} events=${events.filter((event) => event.component === name)} bare=${true} />
    </section>
  `
}

/** @param {{ since: number }} props */
function Since({ since }) {
  return age(useNow() - since)
}

/** @param {{ time: number }} props */
function Until({ time }) {
  return age(time - useNow())
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
                html`<li>
                  <a href=${componentLink(name)}>${name}</a>
                  ${components.has(name) ? html`<${State} state=${components.get(name)?.state} />` : ''}
                </li>`,
            )}
          </ul>`
    }
  </div>`
}

/**
 * Loaded once, then grown by what comes.
 *
 * @param {{ component: ComponentView }} props
 */
function History({ component }) {
  const { memory } = useLive()
  const { name } = component
  const [history, setHistory] = useState(/** @type {Loaded} */ ({ name: undefined, times: [], values: [] }))
  useEffect(() => {
    let gone = false
    get(`api/components/${encodeURIComponent(name)}`, store.token).then(
      ({ history: loaded }) => !gone && setHistory({ name, ...loaded }),
      () => {},
    )
    return () => {
      gone = true
    }
  }, [name])
  useEffect(() => {
    setHistory((before) => {
      if (before.name !== name || memory.time <= (before.times.at(-1) ?? 0)) return before
      const first = before.times.findIndex((time) => time >= memory.time - shownFor)
      return {
        name,
        times: [...before.times.slice(first), memory.time],
        values: [...before.values.slice(first), component.memory?.total ?? 0],
      }
    })
  }, [memory.time])

  const limit = component.memoryLimit
  const data = useMemo(() => {
    /** @type {AlignedData} */
    const columns = [history.times.map((time) => time / 1_000), [...history.values]]
    return limit === null ? columns : [...columns, history.times.map(() => limit)]
  }, [history, limit])
  const options = () => {
    const tint = colour(colourOf(name))
    /** @type {Series[]} */
    const lines = [
      {
        label: name,
        stroke: tint,
        fill: tint.replace('rgb(', 'rgba(').replace(')', ', 0.25)'),
        width: 1.5,
        points: { show: false },
      },
    ]
    if (limit !== null)
      lines.push({ label: 'Limit', stroke: colour('line-limit'), width: 1.5, dash: [6, 4], points: { show: false } })
    return memoryPlot({ cursor: { y: false, drag: { x: false, y: false } }, series: [{}, ...lines] })
  }
  const [first, last] = [history.times[0], history.times.at(-1)]
  return html`<${Plot}
    identity=${`${name} ${limit}`}
    options=${options}
    data=${data}
    range=${first !== undefined && last !== undefined && last > first ? { min: first / 1_000, max: last / 1_000 } : undefined}
    height=${200}
    label=${`Memory of ${name} over the last minutes; now ${bytes(component.memory?.total)}`}
  />`
}
