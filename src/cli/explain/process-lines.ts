import type { Explained } from '../../control/routes.ts'
import { age, bytes, count, percent } from '../../dashboard/page/format.js'
import { nextWords, stateNames, stayReason } from '../../dashboard/page/words.js'
import { tableLines } from '../output.ts'
import { eventLine } from './event-line.ts'

/** Rows of each list: what is beyond is counted. */
const most = 20
/** Of what has happened, the last. */
const mostEvents = 10

/** Why a program is as it is. */
export function processLines({ snapshot, plan }: Explained): string[] {
  const { process: program, memory, components, events, advice, now, cluster } = snapshot
  const { usage, limit, pressureLevel } = memory
  const urgent = advice.filter((piece) => piece.urgent)
  const rest = advice.filter((piece) => !piece.urgent)
  const decided = events.filter(({ kind }) => kind !== 'load' && kind !== 'action').slice(-mostEvents)
  return [
    `process ${program.pid}, Node ${program.node}, up ${age(now - program.startedAt)}`,
    ...(cluster ? [`host ${cluster.name}, of ${count(cluster.hosts.length)} in its cluster (spillway hosts)`] : []),
    `pressure ${pressureLevel}: ${bytes(usage)} of ${bytes(limit)} (${percent(usage / limit)})`,
    ...(memory.why.words === '' ? [] : [memory.why.words]),
    ...(memory.regrets.unloads > 0
      ? [
          `${count(memory.regrets.unloads)} unloads by itself, ${count(memory.regrets.reloaded)} of them loaded again too soon`,
        ]
      : []),
    ...(memory.autoUnloadEnabled ? [] : ['nothing is unloaded by itself: autoUnloadEnabled is false']),
    ...section(
      'Needs attention',
      urgent.map(({ message, since }) => `! ${message} (for ${age(now - since)})`),
    ),
    ...section('Who holds what', holders(memory, components)),
    ...section(plan.actual ? 'What a round would do now' : `What a round would do if pressure were ${plan.level}`, [
      ...(plan.victims.length === 0 ? ['nothing would be unloaded'] : []),
      ...limited(plan.victims, ({ name, bytes: held }) => `unload ${name}: ${bytes(held)}`),
      ...limited(
        plan.kept.filter(({ reason }) => reason !== 'not-loaded'),
        ({ name, reason }) => `keep ${name}: ${stayReason(reason)}`,
      ),
      ...plan.notes,
    ]),
    ...section('What has happened', decided.map(eventLine)),
    ...section(
      'What is set up in a way that costs',
      limited(rest, ({ message }) => message),
    ),
  ]
}

function holders(memory: Explained['snapshot']['memory'], components: Explained['snapshot']['components']): string[] {
  const loaded = components.filter((each) => each.memory).toSorted((a, b) => total(b) - total(a))
  const others = [
    ['main thread', memory.main],
    [
      'native, of no component',
      Math.max(0, memory.native - loaded.reduce((sum, each) => sum + (each.memory?.native ?? 0), 0)),
    ],
    ['reserved for loads', memory.reservations],
    ...memory.extra.map(({ name, kind, total }) => [`${name} (${kind})`, total] as const),
  ] as const
  const rows = [
    ...loaded
      .slice(0, most)
      .map((each) => [each.name, bytes(total(each)), `${stateNames[each.state]}, ${nextWords(each.next)}`]),
    ...(loaded.length > most
      ? [
          [
            `${count(loaded.length - most)} more components`,
            bytes(loaded.slice(most).reduce((sum, each) => sum + total(each), 0)),
            '',
          ],
        ]
      : []),
    ...others.filter(([, held]) => held > 0).map(([name, held]) => [name, bytes(held), '']),
  ]
  return tableLines([{ heading: '' }, { heading: '', align: 'right' }, { heading: '' }], rows).slice(1)
}

const total = ({ memory }: Explained['snapshot']['components'][number]): number => memory?.total ?? 0

export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)]
}

export function limited<T>(all: readonly T[], words: (each: T) => string): string[] {
  const rest = all.length - most
  return [...all.slice(0, most).map(words), ...(rest > 0 ? [`… and ${count(rest)} more`] : [])]
}
