/** @import { Connection as ConnectionState, State } from './store.js' */
/** @typedef {Extract<ConnectionState, { status: 'lost' }>} LostConnection */

import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ForgetToken, ProcessActions } from './actions.js'
import { AttentionCard } from './attention.js'
import { ClusterCard } from './cluster-card.js'
import { ComponentPage } from './component-page.js'
import { ComponentsCard } from './components-table.js'
import { DependencyCard } from './dependency-graph.js'
import { EventsCard } from './event-list.js'
import { age, percent } from './format.js'
import { componentLink } from './fragment.js'
import { html } from './html.js'
import { Pressure } from './pressure.js'
import { overviewPlace, useRoute } from './route.js'
import { isLive, store, useLive, useNow, useStore } from './store.js'
import { applyTheme, currentTheme, nextTheme } from './theme.js'
import { TimelineCard } from './timeline.js'
import { eventWords, kindName } from './words.js'

function App() {
  const state = useStore()
  const { connection } = state
  const route = useRoute()
  useTitle(state, route.component)
  useFocusOn(route.component)
  if (connection.status === 'locked') return html`<${Locked} why=${connection.why} />`
  if (!isLive(state)) return html`<${Boot} connection=${connection} />`
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the figures</a>
    <${Header} />
    <${Connection} state=${state} />
    <main id="main" tabindex="-1" class=${connection.status === 'live' ? '' : 'stale'}>
      ${route.component === undefined ? html`<${Overview} />` : html`<${ComponentPage} key=${route.component} name=${route.component} />`}
    </main>
    <${Announcer} />
  `
}

function Overview() {
  const { cluster } = useLive()
  return html`
    <${AttentionCard} />
    <div class="top"><${Pressure} /><${TimelineCard} /><${EventsCard} /></div>
    ${cluster && html`<${ClusterCard} cluster=${cluster} />`}
    <${ComponentsCard} />
    <${DependencyCard} />
  `
}

function Header() {
  const { process, connection } = useLive()
  const [theme, setTheme] = useState(() => currentTheme())
  const change = () => {
    const next = nextTheme(theme)
    applyTheme(next)
    setTheme(next)
  }
  return html`
    <header class="page">
      <h1><img src="page/icon.svg" alt="" width="22" height="22" /> Spillway</h1>
      <p class="muted">process ${process.pid}, Node ${process.node}, up <${Uptime} since=${process.startedAt} /></p>
      <span class=${`connection connection-${connection.status}`}
        >${connection.status === 'live' ? 'live' : 'not connected'}</span
      >
      <${ProcessActions} />
      <${ForgetToken} />
      <button
        class="quiet"
        onClick=${change}
        aria-label=${`Colours: ${theme}. Change`}
        title="Light, dark, or as the system has it"
      >
        ${{ auto: '◐', light: '☀', dark: '☾' }[theme]}
      </button>
    </header>
  `
}

/** @param {{ since: number }} props */
function Uptime({ since }) {
  return age(useNow() - since)
}

/**
 * Says that figures are old, since when, and what is being done about it.
 *
 * @param {{ state: State }} props
 */
function Connection({ state: { connection, tokenProblem } }) {
  useNow()
  if (connection.status !== 'lost')
    return tokenProblem && html`<div class="banner" role="alert"><p>${tokenProblem}</p></div>`
  const { since, why, refused } = connection
  return html`
    <div class="banner" role="alert">
      <p>
        <b>${refused ? 'Not served' : 'Disconnected'}</b>
        <span aria-hidden="true">${` for ${age(Date.now() - since)}`}</span>
        ${refused ? ': the server is there, and refuses this page. The figures below are old. ' : ': the figures below are old. '}
        ${refused && `“${why}.” `}
        <span class="muted" aria-hidden="true">${refused ? '' : `(${why}) `}${nextTry(connection)}</span>
      </p>
      <button onClick=${() => store.retry()}>Try now</button>
    </div>
  `
}

/** @param {LostConnection} connection */
function nextTry({ retryAt }) {
  const wait = Math.ceil((retryAt - Date.now()) / 1_000)
  return wait > 0 ? `Next try in ${wait} s.` : 'Trying…'
}

/** For screen readers: what matters, as it happens. The feed itself would never stop talking. */
function Announcer() {
  const { events } = useStore()
  const [said, setSaid] = useState('')
  const heard = useRef(events.at(-1)?.id ?? 0)
  useEffect(() => {
    const news = events.filter(
      ({ id, kind, details }) =>
        id > heard.current &&
        (kind === 'pressure' || kind === 'crash' || kind === 'exhausted' || (kind === 'advice' && details.urgent)),
    )
    heard.current = events.at(-1)?.id ?? heard.current
    const last = news.at(-1)
    if (last) setSaid(`${kindName(last.kind)} ${last.component ?? ''} ${eventWords(last)}`)
  }, [events])
  return html`<p class="sr" role="status">${said}</p>`
}

/** @param {{ connection: ConnectionState }} props */
function Boot({ connection }) {
  useNow()
  return html`<main class="boot">
    <h1>Spillway</h1>
    <p role="status">
      ${connection.status !== 'lost' ? 'Connecting…' : connection.refused ? `The server refuses this page: “${connection.why}.”` : `No connection: ${connection.why}.`}
    </p>
    ${connection.status === 'lost' && html`<p class="muted">${nextTry(connection)}</p>`}
  </main>`
}

/**
 * Where other machines reach the dashboard, nothing is shown without the token.
 *
 * @param {{ why: string }} props
 */
function Locked({ why }) {
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const unlock = (event) => {
    event.preventDefault()
    const token = new FormData(event.currentTarget).get('token')
    if (typeof token === 'string') store.token = token
    store.connect()
  }
  return html`<main class="boot">
    <h1>Spillway</h1>
    <form class="card" onSubmit=${unlock}>
      <label class="stack">Token <input name="token" type="password" required autocomplete="off" autofocus /></label>
      <p class="muted" role="status">${why}</p>
      <button class="primary">Show</button>
    </form>
  </main>`
}

/**
 * What the tab is called: whether it can be believed comes first.
 *
 * @param {State} state
 * @param {string | undefined} component
 */
function useTitle({ connection, memory }, component) {
  const shown =
    memory && connection.status === 'live'
      ? [component, `${percent(memory.usage / memory.limit)} ${memory.pressureLevel}`]
      : []
  const said = { connecting: [], live: [], lost: ['not connected', component], locked: ['locked'] }[connection.status]
  const title = [...said, ...shown, 'Spillway'].filter((part) => part !== undefined).join(' · ')
  useEffect(() => {
    document.title = title
  }, [title])
}

/**
 * What is new is where reading and the Tab key go on; back at the overview, it is the row from which the component was opened.
 *
 * @param {string | undefined} component
 */
function useFocusOn(component) {
  const before = useRef(component)
  useEffect(() => {
    if (before.current === component) return
    const link = before.current === undefined ? '' : componentLink(before.current)
    before.current = component
    scrollTo(0, component === undefined ? overviewPlace() : 0)
    const focus = () => {
      const rows = [...document.querySelectorAll('tbody a')]
      const row = rows.find((each) => each.getAttribute('href') === link)?.closest('tr')
      const place = row ?? document.getElementById('component-title') ?? document.getElementById('main')
      place?.focus({ preventScroll: true })
    }
    if (component !== undefined) return focus()
    // Rows are there once it is known which of them are visible.
    requestAnimationFrame(() => requestAnimationFrame(focus))
  }, [component])
}

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

applyTheme()
store.start()
const place = document.getElementById('app')
if (!place) throw new Error('The page has no place for the dashboard')
place.replaceChildren()
render(html`<${App} />`, place)
