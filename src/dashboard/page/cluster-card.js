/** @import { ClusterShown, HostShown } from '../../live/schemas.ts' */
/** @import { Cluster } from './cluster-data.js' */

import { Component } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { sortedHosts } from './cluster-data.js'
import { Ago } from './event-list.js'
import { age, bytes, count } from './format.js'
import { html } from './html.js'
import { useOption } from './route.js'
import { useNow } from './store.js'
import { moveName, moveWords } from './words.js'

/** Hosts that are shown at once. */
const few = 10

/**
 * The hosts, and which keys moved and why.
 *
 * @param {{ cluster: Cluster }} props
 */
export function ClusterCard({ cluster: { name, hosts, moves } }) {
  const [chosen, choose] = useOption('host', '')
  const [all, setAll] = useState(false)
  const sorted = useMemo(() => sortedHosts(hosts.values()), [hosts])
  const shown = all ? sorted : sorted.slice(0, few)
  const hidden = sorted.length - shown.length
  return html`
    <section class="card cluster" aria-labelledby="cluster-title">
      <header>
        <h2 id="cluster-title">
          Cluster
          <span class="muted"
            >${hosts.size === 1 ? 'one host' : `${count(hosts.size)} hosts`}, this one is ${name}</span
          >
        </h2>
      </header>
      <div class="parts">
        <div>
          <div class="plain-table scroll" tabindex="0" role="region" aria-label="Table of hosts">
            <table>
              <thead>
                <tr>
                  <th class="text" scope="col">Host</th>
                  <th class="text" scope="col">Pressure</th>
                  <th scope="col" title="What it can still take before its pressure is high">Room</th>
                  <th class="text" scope="col">Loaded</th>
                  <th scope="col">Last seen</th>
                </tr>
              </thead>
              <tbody>
                ${shown.map(
                  (host) =>
                    html`<${HostRow}
                      key=${host.name}
                      host=${host}
                      pressed=${host.name === chosen}
                      onChoose=${choose}
                    />`,
                )}
              </tbody>
            </table>
          </div>
          ${hidden > 0 && html`<button class="link" onClick=${() => setAll(true)}>${`${count(hidden)} more`}</button>`}
        </div>
        <div>
          <h3>What moved</h3>
          <${Moves} moves=${moves} />
        </div>
      </div>
    </section>
  `
}

/**
 * Rendered again only when something of it changed: there may be a thousand.
 *
 * @extends {Component<{ host: HostShown, pressed: boolean, onChoose: (host: string) => void }>}
 */
class HostRow extends Component {
  /**
   * @override
   * @param {{ host: HostShown, pressed: boolean }} next
   */
  shouldComponentUpdate(next) {
    return next.host !== this.props.host || next.pressed !== this.props.pressed
  }

  /**
   * @override
   * @param {{ host: HostShown, pressed: boolean, onChoose: (host: string) => void }} props
   */
  render({ host: { name, self, level, room, loaded, moreLoaded, lastSeen, answering }, pressed, onChoose }) {
    const names = [...loaded, ...(moreLoaded > 0 ? [`${moreLoaded} more`] : [])].join(', ')
    return html`<tr>
      <th class="text" scope="row">
        <button
          class="link"
          aria-pressed=${pressed}
          title=${pressed ? 'Show the components of all hosts' : `Show the components of ${name} alone`}
          onClick=${() => onChoose(pressed ? '' : name)}
        >
          ${name}
        </button>
        ${self && html`<small>this one</small>`}
      </th>
      <td class="text"><span class="level level-${level}">${level}</span></td>
      <td>${bytes(room)}</td>
      <td class="text names">${names === '' ? '–' : names}</td>
      <td>
        ${lastSeen === null ? 'now' : html`<${Since} time=${lastSeen} />`}
        ${(answering === 'stale' || answering === 'silent') && html` <abbr title="It does not say what its components are doing">does not answer</abbr>`}
      </td>
    </tr>`
  }
}

/** @param {{ time: number }} props */
function Since({ time }) {
  return `${age(useNow() - time)} ago`
}

/** @param {{ moves: ClusterShown['moves'] }} props */
function Moves({ moves }) {
  if (moves.length === 0) return html`<p class="empty">No key has moved yet.</p>`
  return html`<ol class="event-list scroll" tabindex="0" aria-label="Moves, newest first">
    ${moves.toReversed().map(
      (move) =>
        html`<li class="event event-info" key=${`${move.time} ${move.family} ${move.key} ${move.kind}`}>
          <p class="of"><span class="kind">${moveName(move)}</span> ${`${move.family}:${move.key}`}</p>
          <${Ago} time=${move.time} />
          <p class="words">${moveWords(move)}</p>
        </li>`,
    )}
  </ol>`
}
