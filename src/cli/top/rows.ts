import type { ComponentView } from '../../live/schemas.ts'

/** What rows may be sorted by: the first key of each is pressed for it. */
export const sortKeys = ['memory', 'growth', 'errors', 'cpu', 'name'] as const
export type SortKey = (typeof sortKeys)[number]

/** How the table is looked at. */
export interface Look {
  readonly sort: SortKey
  /** Families and copies have one row each. */
  readonly folded: boolean
  /** Components of that host of the cluster alone. */
  readonly host?: string
  /** Rows that are above the first shown. */
  readonly offset: number
}

/** A row: a component, a copy of one, or a family with what its members have together. */
export interface Row {
  readonly name: string
  /** Of a family: how many are loaded, of how many. */
  readonly members: { readonly loaded: number; readonly all: number } | undefined
  readonly view: ComponentView
}

/** The rows of a table, sorted. */
export function rowsOf(components: Iterable<ComponentView>, { sort, folded }: Pick<Look, 'sort' | 'folded'>): Row[] {
  const rows = folded ? foldFamilies(components) : Array.from(components, single)
  const by = orders[sort]
  const sorted = rows.toSorted((a, b) => by(a) - by(b) || (a.name < b.name ? -1 : 1))
  return folded ? sorted : sorted.flatMap((row) => [row, ...copiesOf(row.view)])
}

const total = ({ memory }: ComponentView): number => memory?.total ?? -1

/** Lower is further up. */
const orders: Readonly<Record<SortKey, (row: Row) => number>> = {
  memory: ({ view }) => -total(view),
  growth: ({ view }) => -view.growth,
  errors: ({ view }) => -(view.errorShare ?? -1),
  cpu: ({ view }) => -(view.load?.cpu ?? -1),
  name: () => 0,
}

const single = (view: ComponentView): Row => ({ name: view.name, members: undefined, view })

function foldFamilies(components: Iterable<ComponentView>): Row[] {
  const families = new Map<string, ComponentView[]>()
  const rows: Row[] = []
  for (const view of components) {
    if (view.family === null) rows.push(single(view))
    else families.set(view.family, [...(families.get(view.family) ?? []), view])
  }
  for (const [name, views] of families) rows.push(...(views.length > 1 ? [together(name, views)] : views.map(single)))
  return rows
}

/** What the members of a family have together; where only one of them can be told of, that is the one that goes first. */
function together(family: string, views: readonly ComponentView[]): Row {
  const [first, ...others] = views.toSorted((a, b) => rankOf(a) - rankOf(b) || total(b) - total(a))
  if (!first) throw new Error('a family that is shown has members')
  const all = [first, ...others]
  const sum = (of: (view: ComponentView) => number): number => all.reduce((whole, view) => whole + of(view), 0)
  const largest = (of: (view: ComponentView) => number | null): number | null =>
    all.reduce<number | null>((most, view) => (of(view) === null ? most : Math.max(most ?? 0, of(view) ?? 0)), null)
  const loaded = all.filter(({ memory }) => memory)
  const memory = first.memory && {
    ...first.memory,
    ...(Object.fromEntries(
      memoryKinds.map((kind) => [kind, loaded.reduce((whole, view) => whole + (view.memory?.[kind] ?? 0), 0)]),
    ) as Record<(typeof memoryKinds)[number], number>),
  }
  const load = loaded.some((view) => view.load)
    ? { cpu: sum((view) => view.load?.cpu ?? 0), eventLoop: largest((view) => view.load?.eventLoop ?? null) ?? 0 }
    : null
  return {
    name: `${family}:*`,
    members: { loaded: all.filter(({ state }) => state === 'ready').length, all: all.length },
    view: {
      ...first,
      name: `${family}:*`,
      ...hostOf(all),
      memory,
      load,
      growth: sum((view) => view.growth),
      errorShare: largest((view) => view.errorShare),
      inUse: sum((view) => view.inUse),
      callRate: sum((view) => view.callRate),
      loads: sum((view) => view.loads),
      unloads: sum((view) => view.unloads),
      crashes: sum((view) => view.crashes),
      lastAccess: largest((view) => view.lastAccess),
      p50: largest((view) => view.p50),
      p99: largest((view) => view.p99),
      learnedPeak: largest((view) => view.learnedPeak),
      instances: all.flatMap((view) => view.instances),
    },
  }
}

/** Whose they are, where that is told: of several, how many those are. */
function hostOf(views: readonly ComponentView[]): Pick<ComponentView, 'host'> {
  const hosts = new Set(views.flatMap(({ host }) => host ?? []))
  const [first] = hosts
  return first === undefined ? {} : { host: hosts.size > 1 ? `${hosts.size} hosts` : first }
}

const memoryKinds = ['used', 'physical', 'external', 'malloced', 'reported', 'native', 'total', 'peak'] as const

function rankOf({ next }: ComponentView): number {
  return next.verdict === 'goes' ? next.rank : next.verdict === 'stays' ? 1e9 : 2e9
}

function copiesOf(view: ComponentView): Row[] {
  if (view.instances.length < 2) return []
  return view.instances.map((copy) => ({
    name: `  ${copy.name}`,
    members: undefined,
    view: {
      ...view,
      growth: 0,
      errorShare: null,
      ...copy,
      name: copy.name,
      instances: [copy],
      load: null,
      callRate: 0,
      p50: null,
      p99: null,
    },
  }))
}
