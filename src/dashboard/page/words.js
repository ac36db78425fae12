/** @import { Occurrence } from '../../live/feed-event.ts' */
/** @import { ClusterShown, ComponentView } from '../../live/schemas.ts' */
/** @import { CrashReason } from '../../contract/errors.ts' */
/** @import { UnloadReason } from '../../contract/unload-report.ts' */
import { bytes, duration } from './format.js'

/** @typedef {ClusterShown['moves'][number]} Move */

/** What the states and reasons of the API are called on the page. */

/** @type {Readonly<Record<ComponentView['state'], string>>} */
export const stateNames = {
  unloaded: 'unloaded',
  loading: 'loading',
  ready: 'loaded',
  draining: 'draining',
  unloading: 'unloading',
  failed: 'failed',
  zombie: 'zombie',
}

/** @type {Readonly<Record<string, string>>} */
const stayReasons = {
  'in-use': 'in use',
  stuck: 'stuck',
  pinned: 'pinned',
  protected: 'protected by its priority',
  'has-dependents': 'others need it',
  'min-idle': 'not idle long enough',
  residency: 'was reloaded too soon before',
  price: 'worth more than its room',
  'low-pressure': 'pressure is low',
  cap: 'the round is full',
  enough: 'others free enough',
  'fair-share': 'keeps to its share of the family',
  'not-chosen': 'the policy leaves it',
  'not-loaded': 'not loaded',
}

/** @param {string} reason */
export function stayReason(reason) {
  return stayReasons[reason] ?? reason
}

/**
 * What it is isolated by. A process has a number while it is there.
 *
 * @param {Pick<ComponentView, 'isolation' | 'pid'>} component
 */
export function hostWords({ isolation, pid }) {
  return isolation === 'process' && pid !== null ? `process ${pid}` : isolation
}

/**
 * What the next round would do with a component, in a few words.
 *
 * @param {ComponentView['next']} next
 */
export function nextWords(next) {
  if (next.verdict === 'goes') return next.rank === 1 ? 'goes first' : `goes, number ${next.rank}`
  return next.verdict === 'stays' ? `stays: ${stayReason(next.reason)}` : '–'
}

/** @type {Readonly<Record<UnloadReason, string>>} */
const unloadReasons = {
  requested: 'it was asked for',
  pressure: 'memory was short',
  admission: 'to make room for a load',
  'free-memory': 'memory was asked for',
  family: 'its family has as much as it may have',
  recycled: 'another generation takes its place',
  idle: 'idle for as long as it may be',
  shutdown: 'shutdown',
  unregistered: 'it was unregistered',
}

/** @param {string} reason */
export function unloadReason(reason) {
  return unloadReasons[/** @type {UnloadReason} */ (reason)] ?? reason
}

/** @type {Readonly<Record<CrashReason, string>>} */
const crashReasons = {
  exit: 'its worker exited',
  error: 'an uncaught error',
  'out-of-memory': 'out of memory',
  'memory-limit': 'it passed its memory limit',
  terminated: 'its worker was ended',
  stuck: 'its event loop stood still for too long',
  signal: 'a signal ended its process',
}

/** @param {string} reason */
export function crashReason(reason) {
  return crashReasons[/** @type {CrashReason} */ (reason)] ?? reason
}

/** @type {Readonly<Record<Occurrence['kind'], string>>} */
const kinds = {
  load: 'Loaded',
  'load-error': 'Load failed',
  unload: 'Unloaded',
  crash: 'Crashed',
  pressure: 'Pressure',
  exhausted: 'Exhausted',
  zombie: 'Zombie',
  advice: 'Advice',
  action: 'Action',
}

/** @param {Occurrence['kind']} kind */
export function kindName(kind) {
  return kinds[kind]
}

/**
 * An event in one sentence, without its component.
 *
 * @param {Occurrence} event
 */
export function eventWords({ kind, details: d }) {
  switch (kind) {
    case 'load':
      return `in ${duration(d.duration)} (generation ${d.generation}) ${d.why}${d.regret ? `; ${d.regret.why}` : ''}`
    case 'load-error':
      return d.message
    case 'unload': {
      const took = d.times.drain + d.times.dispose + d.times.terminate
      const parts = [d.why ?? unloadReasons[d.reason] ?? d.reason, `gone in ${duration(took)}`]
      if (d.outcome) parts.push(d.outcome)
      if (d.regretted !== null) parts.push(`a mistake: it was loaded again ${duration(d.regretted)} later`)
      return parts.join('; ')
    }
    case 'crash':
      return `${d.signal ? `${d.signal} ended its process` : (crashReasons[d.reason] ?? d.reason)} (generation ${d.generation})${d.why ? `: ${d.why}` : ''}`
    case 'pressure':
      return `${d.previous} → ${d.level}: ${d.why}`
    case 'exhausted': {
      const why = d.kept.slice(0, 3).map(({ name, reason }) => `${name} ${stayReason(reason)}`)
      return `nothing may be unloaded, ${bytes(d.missing)} too much${why.length > 0 ? `; ${why.join(', ')}` : ''}`
    }
    case 'zombie':
      return `the worker of generation ${d.generation} did not die by its deadline; it still counts`
    case 'advice':
      return d.over ? `over: ${d.message}` : d.message
    case 'action':
      return `${d.action}${d.bytes ? ` (${bytes(d.bytes)})` : ''} was asked for on the dashboard`
    default:
      return ''
  }
}

/** @type {Readonly<Record<Move['kind'], string>>} */
const moveKinds = {
  placed: 'Placed',
  'taken-over': 'Taken over',
  'handed-over': 'Handed over',
  'given-back': 'Given back',
  lost: 'Lost',
}

/** @param {Pick<Move, 'kind'>} move */
export function moveName({ kind }) {
  return moveKinds[kind] ?? kind
}

/**
 * From whom to whom a key went, and why.
 *
 * @param {Pick<Move, 'from' | 'to' | 'why'>} move
 */
export function moveWords({ from, to, why }) {
  const way = from && to ? `${from} → ${to}` : to ? `to ${to}` : from ? `from ${from}` : ''
  return way ? `${way}: ${why}` : why
}
