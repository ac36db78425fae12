/** @import { Message } from './connection.js' */
/** @import { ComponentView, Snapshot } from '../../live/schemas.ts' */

import { useEffect, useState } from 'preact/hooks'
import { get, listen } from './connection.js'
import { Timeline } from './timeline-data.js'

/** Events that are kept here. */
const mostEvents = 300
const tokenKey = 'spillway-token'

/**
 * The token of this tab. A link may bring it as `#token=...`: a fragment is not sent to any server, and it is taken out of the address and the
 * history at once.
 */
function keptToken() {
  const given = /^#token=([^&]+)$/.exec(location.hash)?.[1]
  if (given !== undefined) {
    sessionStorage.setItem(tokenKey, decodeURIComponent(given))
    history.replaceState(null, '', '#/')
  }
  return sessionStorage.getItem(tokenKey) ?? ''
}

/**
 * @typedef {{ readonly status: 'connecting' | 'live' }
 *   | { readonly status: 'lost', readonly why: string, readonly retryAt: number, readonly since: number }
 *   | { readonly status: 'locked', readonly why: string }} Connection
 *   Times by the browser's clock.
 */
/** @typedef {ReadonlyMap<string, ComponentView>} Components */
/**
 * What is known once the server has spoken.
 *
 * @typedef {Pick<Snapshot, 'memory' | 'plan' | 'process'>} Figures
 */
/**
 * `offset`: server time less the browser's, ms.
 *
 * @typedef {Partial<Figures> & Pick<Snapshot, 'actions' | 'events' | 'advice'>
 *   & { readonly connection: Connection, readonly offset: number, readonly components: Components }} State
 */
/** @typedef {State & Figures} LiveState */

/**
 * @param {State} state
 * @returns {state is LiveState}
 */
export function isLive(state) {
  return state.memory !== undefined && state.plan !== undefined && state.process !== undefined
}

/** What the page knows, and whoever wants to be told when it changes. */
class Store {
  /** @type {State} */
  state = {
    connection: { status: 'connecting' },
    offset: 0,
    actions: false,
    components: new Map(),
    events: [],
    advice: [],
  }
  timeline = new Timeline()
  /** @type {Set<(state: State) => void>} */
  #listeners = new Set()
  #token = keptToken()
  /** @type {ReturnType<typeof listen> | undefined} */
  #stream

  connect() {
    this.#stream?.stop()
    this.#stream = listen({
      token: () => this.#token,
      onMessage: (message) => this.#receive(message),
      onLost: (why, retryAt) =>
        this.#change({ connection: { status: 'lost', why, retryAt, since: this.#lostSince() } }),
      onRefused: (refusal) => this.#change({ connection: { status: 'locked', why: refusal.message } }),
    })
  }

  retry() {
    if (this.state.connection.status === 'lost') this.#stream?.now()
  }

  get token() {
    return this.#token
  }

  set token(token) {
    this.#token = token
    if (token) sessionStorage.setItem(tokenKey, token)
    else sessionStorage.removeItem(tokenKey)
    this.#change({})
  }

  /** Epoch ms by the server's clock. */
  now() {
    return Date.now() + this.state.offset
  }

  /** @param {(state: State) => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #lostSince() {
    const { connection } = this.state
    return connection.status === 'lost' ? connection.since : Date.now()
  }

  /** @param {Message} message */
  #receive({ event, data }) {
    const { memory, plan, now } = data
    /** @type {Partial<State>} */
    const common = { connection: { status: 'live' }, offset: now - Date.now(), memory, plan }
    if (event === 'snapshot') {
      const components = new Map(data.components.map((component) => [component.name, component]))
      this.#change({
        ...common,
        components,
        process: data.process,
        actions: data.actions,
        events: data.events,
        advice: data.advice,
      })
      void this.#loadTimeline()
    } else {
      const components = new Map(this.state.components)
      for (const component of data.components) components.set(component.name, component)
      for (const name of data.gone) components.delete(name)
      const last = this.state.events.at(-1)?.id ?? 0
      const news = data.events.filter(({ id }) => id > last)
      const events = news.length > 0 ? [...this.state.events, ...news].slice(-mostEvents) : this.state.events
      this.timeline.add(memory, components)
      if (this.timeline.outgrown(components)) void this.#loadTimeline()
      this.#change({ ...common, components, events, advice: data.advice ?? this.state.advice })
    }
  }

  async #loadTimeline() {
    try {
      await this.timeline.load(() => get('/api/memory/history?points=900', this.#token))
      this.#change({})
    } catch {
      // The live points go on; the next connection tries again.
    }
  }

  /** @param {Partial<State>} changes */
  #change(changes) {
    this.state = { ...this.state, ...changes }
    for (const listener of this.#listeners) listener(this.state)
  }
}

export const store = new Store()

/** The state, with the component rendered again when it changes. */
export function useStore() {
  const [state, setState] = useState(store.state)
  useEffect(() => store.subscribe(setState), [])
  return state
}

/** The state for what is shown only once there are figures. */
export function useLive() {
  const state = useStore()
  if (!isLive(state)) throw new Error('There are no figures yet')
  return state
}

/** @type {Set<() => void>} */
const clockListeners = new Set()
setInterval(() => {
  for (const listener of clockListeners) listener()
}, 1_000)

/** The server's time, with the component rendered again every second. */
export function useNow() {
  const [, render] = useState(0)
  useEffect(() => {
    const listener = () => render((count) => count + 1)
    clockListeners.add(listener)
    return () => void clockListeners.delete(listener)
  }, [])
  return store.now()
}
