/** @import { Connection as ConnectionState } from './store.js' */

import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ProcessActions } from './actions.js'
import { AdviceCard } from './advice-card.js'
import { ComponentPage } from './component-page.js'
import { ComponentsCard } from './components-table.js'
import { DependencyCard } from './dependency-graph.js'
import { EventsCard } from './event-list.js'
import { age, percent } from './format.js'
import { html } from './html.js'
import { Pressure } from './pressure.js'
import { isLive, store, useLive, useNow, useStore } from './store.js'
import { applyTheme, currentTheme, nextTheme } from './theme.js'
import { TimelineCard } from './timeline.js'
import { eventWords, kindName } from './words.js'

function App() {
  const state = useStore()
  const { connection } = state
  const route = useRoute()
  if (connection.status === 'locked') return html`<${Locked} why=${connection.why} />`
  if (!isLive(state)) return html`<${Boot} connection=${connection} />`
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the figures</a>
    <${Header} />
    <${Connection} connection=${connection} />
    <main id="main" tabindex="-1" class=${connection.status === 'live' ? '' : 'stale'}>
      ${route.component === undefined ? html`<${Overview} />` : html`<${ComponentPage} key=${route.component} name=${route.component} />`}
    </main>
    <${Announcer} />
  `
}

function Overview() {
  return html`
    <div class="top"><${Pressure} /><${TimelineCard} /></div>
    <${AdviceCard} />
    <${ComponentsCard} />
    <div class="bottom"><${DependencyCard} /><${EventsCard} /></div>
  `
}

function Header() {
  const { process, memory, connection } = useLive()
  const [theme, setTheme] = useState(() => currentTheme())
  useEffect(() => {
    document.title = `${percent(memory.usage / memory.limit)} ${memory.pressureLevel} · Spillway`
  }, [memory])
  const change = () => {
    const next = nextTheme(theme)
    applyTheme(next)
    setTheme(next)
  }
  return html`
    <header class="page">
      <h1><img src="/page/icon.svg" alt="" width="22" height="22" /> Spillway</h1>
      <p class="muted">process ${process.pid}, Node ${process.node}, up <${Uptime} since=${process.startedAt} /></p>
      <span class=${`connection connection-${connection.status}`}
        >${connection.status === 'live' ? 'live' : 'not connected'}</span
      >
      <${ProcessActions} />
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
 * @param {{ connection: ConnectionState }} props
 */
function Connection({ connection }) {
  const now = useNow() - store.state.offset
  if (connection.status !== 'lost') return null
  const { since, retryAt, why } = connection
  const wait = Math.max(0, Math.ceil((retryAt - now) / 1_000))
  return html`
    <div class="banner" role="alert">
      <p>
        <b>Disconnected</b>
        <span aria-hidden="true">${` for ${age(now - since)}`}</span>
        ${': the figures below are old. '}
        <span class="muted" aria-hidden="true">(${why}) ${wait > 0 ? `Next try in ${wait} s.` : 'Trying…'}</span>
      </p>
      <button onClick=${() => store.retry()}>Try now</button>
    </div>
  `
}

/** For screen readers: what matters, as it happens. The feed itself would never stop talking. */
function Announcer() {
  const { events } = useStore()
  const [said, setSaid] = useState('')
  const heard = useRef(events.at(-1)?.id ?? 0)
  useEffect(() => {
    const news = events.filter(
      ({ id, kind }) => id > heard.current && (kind === 'pressure' || kind === 'crash' || kind === 'exhausted'),
    )
    heard.current = events.at(-1)?.id ?? heard.current
    const last = news.at(-1)
    if (last) setSaid(`${kindName(last.kind)} ${last.component ?? ''} ${eventWords(last)}`)
  }, [events])
  return html`<p class="sr" role="status">${said}</p>`
}

/** @param {{ connection: ConnectionState }} props */
function Boot({ connection }) {
  return html`<main class="boot">
    <h1>Spillway</h1>
    <p role="status">
      ${connection.status === 'lost' ? `No connection: ${connection.why}. Trying again…` : 'Connecting…'}
    </p>
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

/** `#/` is the overview, `#/component/<name>` one component. */
function useRoute() {
  const read = () => {
    const name = /^#\/component\/(.+)$/.exec(location.hash)?.[1]
    try {
      return { component: name === undefined ? undefined : decodeURIComponent(name) }
    } catch {
      return { component: undefined }
    }
  }
  const [route, setRoute] = useState(read)
  useEffect(() => {
    const listener = () => {
      setRoute(read())
      scrollTo(0, 0)
      // What is new is where reading and the Tab key go on.
      setTimeout(() =>
        (document.getElementById('component-title') ?? document.getElementById('main'))?.focus({ preventScroll: true }),
      )
    }
    addEventListener('hashchange', listener)
    return () => removeEventListener('hashchange', listener)
  }, [])
  return route
}

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

applyTheme()
store.connect()
const place = document.getElementById('app')
if (!place) throw new Error('The page has no place for the dashboard')
place.replaceChildren()
render(html`<${App} />`, place)
