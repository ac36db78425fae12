/** @import { ClusterShown, ComponentView, HostShown, Tick } from '../../live/schemas.ts' */

/** What is known of the cluster that the program has joined. Pure. */

/**
 * `components`: of the other hosts, by their ids.
 *
 * @typedef {Omit<ClusterShown, 'hosts' | 'components'>
 *   & { readonly hosts: ReadonlyMap<string, HostShown>, readonly components: ReadonlyMap<string, ComponentView> }} Cluster
 */

/**
 * What a component is told apart by: those of other hosts may have the same name. A host is one token.
 *
 * @param {Pick<ComponentView, 'host' | 'name'>} component
 */
export const idOf = ({ host, name }) => (host === undefined ? name : `${host}\t${name}`)

/**
 * @param {ClusterShown | undefined} shown
 * @returns {Cluster | undefined}
 */
export function clusterOf(shown) {
  return (
    shown && {
      ...shown,
      hosts: new Map(shown.hosts.map((host) => [host.name, host])),
      components: new Map(shown.components.map((component) => [idOf(component), component])),
    }
  )
}

/**
 * @param {Cluster | undefined} before
 * @param {Tick['cluster']} told undefined: nothing; null: it was left.
 * @returns {Cluster | undefined}
 */
export function clusterAfter(before, told) {
  if (told === undefined) return before
  if (told === null) return undefined
  const { gone, goneComponents, moves = before?.moves ?? [], name, hidden } = told
  const hosts = new Map(before?.hosts)
  for (const host of told.hosts) hosts.set(host.name, host)
  for (const each of gone) hosts.delete(each)
  if (told.components.length === 0 && goneComponents.length === 0 && before)
    return { name, hidden, moves, hosts, components: before.components }
  const components = new Map(before?.components)
  for (const component of told.components) components.set(idOf(component), component)
  for (const id of goneComponents) components.delete(id)
  return { name, hidden, moves, hosts, components }
}

/**
 * What the table lists: all there are, or those of one host.
 *
 * @param {ReadonlyMap<string, ComponentView>} own
 * @param {Cluster | undefined} cluster
 * @param {string} host '': of all
 * @returns {readonly ComponentView[]}
 */
export function componentsOf(own, cluster, host) {
  if (!cluster) return [...own.values()]
  const others = [...cluster.components.values()]
  if (host === '') return [...own.values(), ...others]
  return host === cluster.name ? [...own.values()] : others.filter((component) => component.host === host)
}

/** Worst first. @type {readonly HostShown['level'][]} */
const levels = ['critical', 'high', 'medium', 'low']

/**
 * This one, then those that have least room.
 *
 * @param {Iterable<HostShown>} hosts
 */
export function sortedHosts(hosts) {
  return [...hosts].sort(
    (a, b) =>
      Number(b.self) - Number(a.self) ||
      levels.indexOf(a.level) - levels.indexOf(b.level) ||
      (a.name < b.name ? -1 : 1),
  )
}
