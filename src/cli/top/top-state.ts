import type { Advice } from '../../contract/advice.ts'
import type { ComponentView, MemoryView, PlanView, Snapshot } from '../../live/schemas.ts'
import { clusterAfter, clusterOf } from '../../dashboard/page/cluster-data.js'
import type { Cluster } from '../../dashboard/page/cluster-data.js'
import type { DashboardEvent } from './event-stream.ts'

/** What is known of the program that is watched. */
export interface TopState {
  readonly components: ReadonlyMap<string, ComponentView>
  readonly memory: MemoryView
  readonly plan: PlanView
  readonly process: Snapshot['process']
  readonly advice: readonly Advice[]
  /** Where one is joined. */
  readonly cluster: Cluster | undefined
  /** Epoch ms by the clock of that program, when this was sent. */
  readonly now: number
}

/** @returns undefined while there was no snapshot to change. */
export function after(before: TopState | undefined, { event, data }: DashboardEvent): TopState | undefined {
  const { memory, plan, now } = data
  if (event === 'snapshot') {
    const { process, advice } = data
    return { components: byName(data.components), memory, plan, process, advice, now, cluster: clusterOf(data.cluster) }
  }
  if (!before) return undefined
  const components = new Map([...before.components, ...byName(data.components)])
  for (const name of data.gone) components.delete(name)
  const cluster = clusterAfter(before.cluster, data.cluster)
  return { ...before, components, memory, plan, now, cluster, advice: data.advice ?? before.advice }
}

const byName = (components: readonly ComponentView[]): Map<string, ComponentView> =>
  new Map(components.map((component) => [component.name, component]))

/** Where the connection stands. Epoch ms by the clock here. */
export type Connection =
  | { readonly status: 'live'; readonly at: number }
  | { readonly status: 'lost'; readonly since: number; readonly why: string; readonly retryAt: number }
