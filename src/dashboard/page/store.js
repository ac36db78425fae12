/** @import { Cluster } from './cluster-data.js' */
/** @import { Message } from './connection.js' */
/** @import { ComponentView, Snapshot } from '../../live/schemas.ts' */

import { useEffect, useState } from 'preact/hooks'
import { clusterAfter, clusterOf } from './cluster-data.js'
import { get, listen, post, Refused } from './connection.js'
import { forgetTaken } from './heap-snapshots-store.js'
import { takeTokens } from './route.js'
import { Timeline } from './timeline-data.js'

/** Events that are kept here. */
const mostEvents = 300
const tokenKey = 'spillway-token'

/**
 * `refused`: the server is there, and says why it does not serve this page now.
 *
 * @typedef {{ readonly status: 'connecting' | 'live' }
 *   | { readonly status: 'lost', readonly why: string, readonly refused: boolean, readonly retryAt: number, readonly since: number }
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
 * `offset`: server time less the browser's, ms. `tokenProblem`: why the token that a link brought was dropped.
 *
 * @typedef {Partial<Figures> & Pick<Snapshot, 'actions' | 'events' | 'advice'>
 *   & { readonly connection: Connection, readonly offset: number, readonly components: Components,
 *   readonly cluster: Cluster | undefined, readonly tokenProblem: string }} State
 */
/** @typedef {State & Figures} LiveState */

/**
 * @param {State} state
 * @returns {state is LiveState}
 */
export function isLive(state) {
  return state.memory !== undefined && state.plan !== undefined && state.process !== undefined
}

/** @type {State} */
const nothing = {
  connection: { status: 'connecting' },
  offset: 0,
  actions: false,
  components: new Map(),
  cluster: undefined,
  events: [],
  advice: [],
  tokenProblem: '',
}

/** What the page knows, and whoever wants to be told when it changes. */
class Store {
  /** @type {State} */
  state = nothing
  timeline = new Timeline()
  /** @type {Set<(state: State) => void>} */
  #listeners = new Set()
  /** Of this tab, for as long as it is open. */
  #token = sessionStorage.getItem(tokenKey) ?? ''
  /** @type {ReturnType<typeof listen> | undefined} */
  #stream

  /** A link brought it, and no answer has shown yet whether it is right. */
  #unproven = false

  /** Takes the token from the address, now and whenever a link brings another one, and connects. */
  start() {
    /** @param {string} token */
    const use = (token) => {
      this.token = token
      this.#unproven = true
      this.connect()
    }
    const given = takeTokens(use)
    if (given === undefined) this.connect()
    else use(given)
  }

  connect() {
    this.#stream?.stop()
    this.#stream = listen({
      token: () => this.#token,
      onMessage: (message) => this.#receive(message),
      onLost: (why, retryAt, refused) =>
        this.#change({ connection: { status: 'lost', why, refused, retryAt, since: this.#lostSince() } }),
      // What was shown needed the token.
      onLocked: (why) => this.#clear({ connection: { status: 'locked', why } }),
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
    this.#change({ tokenProblem: '' })
  }

  /** This tab's copy, and all that was shown by it; what is shown without it comes back with the next connection. */
  forgetToken() {
    this.token = ''
    forgetTaken()
    this.#clear({})
    this.connect()
  }

  /** Epoch ms by the server's clock; it stands still while figures are old. */
  now() {
    const { connection, offset } = this.state
    return (connection.status === 'lost' ? connection.since : Date.now()) + offset
  }

  /**
   * Has the timeline reach so far back.
   *
   * @param {number} span ms
   */
  showSpan(span) {
    if (this.timeline.span === span) return
    this.timeline.span = span
    if (this.state.connection.status === 'live') void this.#loadTimeline()
  }

  /** It may be wrong also where figures are shown without one. */
  async #proveToken() {
    this.#unproven = false
    const token = this.#token
    try {
      await post('api/token', token)
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401 || this.#token !== token) return
      this.token = ''
      this.#change({ tokenProblem: 'The token of that link is wrong, and is not used.' })
    }
  }

  /** @param {Partial<State>} changes */
  #clear(changes) {
    const { span } = this.timeline
    this.timeline = new Timeline()
    this.timeline.span = span
    this.state = nothing
    this.#change(changes)
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
        cluster: clusterOf(data.cluster),
        process: data.process,
        actions: data.actions,
        events: data.events,
        advice: data.advice,
      })
      void this.#loadTimeline()
      if (this.#unproven && data.actions) void this.#proveToken()
    } else {
      const components = new Map(this.state.components)
      for (const component of data.components) components.set(component.name, component)
      for (const name of data.gone) components.delete(name)
      const events = withNews(this.state.events, data.events)
      this.timeline.add(memory, components)
      if (this.timeline.outgrown(memory, components)) void this.#loadTimeline()
      const cluster = clusterAfter(this.state.cluster, data.cluster)
      this.#change({ ...common, components, cluster, events, advice: data.advice ?? this.state.advice })
    }
  }

  async #loadTimeline() {
    try {
      await this.timeline.load((query) => get(`api/memory/history?${query}`, this.#token))
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

/**
 * Events by id: what was marked since it was first told of is told again, and takes the place of what it was.
 *
 * @param {Snapshot['events']} known
 * @param {Snapshot['events']} news
 */
function withNews(known, news) {
  if (news.length === 0) return known
  const events = new Map([...known, ...news].map((event) => [event.id, event]))
  return [...events.values()].slice(-mostEvents)
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
