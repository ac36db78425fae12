import { age, bytes, clock, count, duration, percent, rate } from '../../dashboard/page/format.js'
import { hostWords, nextWords, stateNames } from '../../dashboard/page/words.js'
import type { Answer, ComponentView } from '../../live/schemas.ts'
import type { Advice } from '../../contract/advice.ts'
import { loadWords } from '../../words/load-words.ts'
import { eventLine } from './event-line.ts'
import { limited, section } from './process-lines.ts'

/** What is answered to `explain` of a component. */
export type ExplainedComponent = Answer<'/api/components/:name'> & { readonly advice: readonly Advice[] }

/** Of what has happened to it, the last. */
const mostEvents = 20

/** Why a component is as it is. @param now epoch ms. */
export function componentLines(explained: ExplainedComponent, now: number): string[] {
  const { component, callers, lastErrors, marks, events, advice } = explained
  const { name, host, state, since, generation, isolation, pid, priority, pinned, failure } = component
  const isLoaded = state === 'ready' || state === 'draining'
  return [
    `${name}${host === undefined ? '' : ` at host ${host}`}: ${stateNames[state]} for ${age(now - since)}, generation ${generation}, ${hostWords({ isolation, pid })}, priority ${priority}${pinned ? ', pinned' : ''}`,
    ...(component.loadedFor === null ? [] : [`loaded ${loadWords(component.loadedFor)}`]),
    ...(failure === null ? [] : [`failed: ${failure.message}; tried again in ${age(failure.retryAt - now)}`]),
    ...(isLoaded && host === undefined ? [`next round: ${nextWords(component.next)}`] : []),
    ...section(
      'Needs attention',
      advice.map(({ message, since: from }) => `! ${message} (for ${age(now - from)})`),
    ),
    ...section('Holds', held(component)),
    ...section('Is used', used(component, now)),
    ...section(
      'Is called by',
      limited(callers, (caller) => {
        const last = caller.lastCall === null ? '' : `, last ${age(now - caller.lastCall)} ago`
        return `${caller.name ?? 'the main thread'}: ${counted(caller.calls, 'call')}, ${count(caller.errors)} failed${last}`
      }),
    ),
    ...section(
      'Its calls failed with',
      limited(lastErrors, (error) => {
        const code = error.code === null ? '' : ` (${error.code})`
        return `${clock(error.time)} ${error.method}, called by ${error.from ?? 'the main thread'}: ${error.name}${code}: ${error.message}${error.count > 1 ? `, ${count(error.count)} times` : ''}`
      }),
    ),
    ...section('Its generations', earlier(marks, events)),
    ...section('What has happened to it', events.slice(-mostEvents).map(eventLine)),
  ]
}

/** Loads and ends that the feed does not reach back to. */
function earlier(marks: ExplainedComponent['marks'], events: ExplainedComponent['events']): string[] {
  const [oldest] = events.slice(-mostEvents)
  const before = marks.filter(({ time }) => oldest === undefined || time < oldest.time)
  return before.slice(-mostEvents).map(({ time, kind, generation, reason }) => {
    const why = reason === null ? '' : ` (${reason})`
    return `${clock(time)} ${kind} of generation ${generation}${why}`
  })
}

const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`

function held({ memory, memoryLimit, learnedPeak, memoryEstimate, instances }: ComponentView): string[] {
  const learned = learnedPeak === null ? `estimated ${bytes(memoryEstimate)}` : `came to hold ${bytes(learnedPeak)}`
  if (!memory) return [`nothing; its last loads ${learned}`]
  const kinds: readonly (readonly [string, number])[] = [
    ['heap', memory.physical],
    ['external', memory.external],
    ['malloced', memory.malloced],
    ['reported', memory.reported],
    ['native', memory.native],
  ]
  const limit =
    memoryLimit === null
      ? 'no limit of its own'
      : `${percent(memory.total / memoryLimit)} of its limit, ${bytes(memoryLimit)}`
  return [
    `${bytes(memory.total)}${memory.stale ? ' (it did not answer of late)' : ''}: ${kinds.map(([kind, each]) => `${kind} ${bytes(each)}`).join(', ')}`,
    `${bytes(memory.used)} of the heap are used; at most ${bytes(memory.peak)} since it was loaded; ${limit}; its last loads ${learned}`,
    ...(instances.length > 1
      ? limited(instances, (copy) => `copy ${copy.name}: ${bytes(copy.memory?.total)}, ${nextWords(copy.next)}`)
      : []),
  ]
}

function used(component: ComponentView, now: number): string[] {
  const {
    calls,
    errors,
    callRate,
    p50,
    p99,
    inUse,
    waiting,
    lastAccess,
    dependents,
    dependencies,
    loads,
    unloads,
    crashes,
  } = component
  const last = lastAccess === null ? 'never called' : `last ${age(now - lastAccess)} ago`
  return [
    `${counted(calls, 'call')}, ${count(errors)} failed; ${rate(callRate)} a second, half of them within ${duration(p50)}, 99% within ${duration(p99)}; ${last}`,
    ...(inUse > 0 || waiting > 0 ? [`${count(inUse)} in use now, ${counted(waiting, 'call')} waiting`] : []),
    ...(component.stuckFor > 0 ? [`its event loop has not turned for ${age(component.stuckFor)}`] : []),
    ...(component.load
      ? [`processor ${percent(component.load.cpu)}, event loop ${percent(component.load.eventLoop)} busy`]
      : []),
    ...(dependents.length > 0 ? [`needed by ${dependents.join(', ')}`] : []),
    ...(dependencies.length > 0 ? [`needs ${dependencies.join(', ')}`] : []),
    `${counted(loads, 'load')} (the last took ${duration(component.lastLoadTime)}), ${counted(unloads, 'unload')}, ${count(crashes)} crashed`,
    ...(component.regrets > 0
      ? [`${counted(component.regrets, 'load')} so soon after an unload that this was a mistake`]
      : []),
  ]
}
