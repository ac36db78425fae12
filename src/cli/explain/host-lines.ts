import type { HostExplained, HostsView } from '../../control/routes.ts'
import { age, bytes, clock } from '../../dashboard/page/format.js'
import { moveName, moveWords, stateNames } from '../../dashboard/page/words.js'
import { sortedHosts } from '../../dashboard/page/cluster-data.js'
import type { HostShown } from '../../live/schemas.ts'
import { tableLines } from '../output.ts'
import { limited, section } from './process-lines.ts'

/** The hosts of a cluster, and what moved. @param now epoch ms. */
export function hostsLines({ hosts, moves }: HostsView, now: number): string[] {
  const columns = ['HOST', 'PRESSURE', 'ROOM', 'SEEN', 'LOADED'].map((heading) => ({ heading }))
  const rows = sortedHosts(hosts).map((host) => [
    host.self ? `${host.name} (this one)` : host.name,
    host.level,
    bytes(host.room),
    seen(host, now),
    loadedBy(host),
  ])
  return [...tableLines(columns, rows), ...section('What moved', moves.map(moveLine))]
}

/** A host as it tells of itself. @param now epoch ms. */
export function hostLines({ host, components, moves }: HostExplained, now: number): string[] {
  const { name, level, room } = host
  const held = components.toSorted((a, b) => (b.memory?.total ?? -1) - (a.memory?.total ?? -1))
  return [
    `host ${name}: pressure ${level}, room for ${bytes(room)}, seen ${seen(host, now)}`,
    ...section(
      'Its components',
      limited(held, (each) => `${each.name}: ${stateNames[each.state]}, ${bytes(each.memory?.total)}`),
    ),
    ...section('What moved', moves.map(moveLine)),
  ]
}

function moveLine(move: HostsView['moves'][number]): string {
  return `${clock(move.time)} ${moveName(move)} ${move.family}:${move.key} ${moveWords(move)}`
}

function seen({ lastSeen }: HostShown, now: number): string {
  return lastSeen === null ? 'now' : `${age(now - lastSeen)} ago`
}

function loadedBy({ loaded, moreLoaded }: HostShown): string {
  return loaded.length === 0 ? '–' : [...loaded, ...(moreLoaded > 0 ? [`${moreLoaded} more`] : [])].join(', ')
}
