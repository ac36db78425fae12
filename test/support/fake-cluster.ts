import type { ClusterHost, ClusterMove, ClusterView, MoveKind } from '../../src/contract/cluster.ts'
import type { ComponentInfo } from '../../src/contract/component-info.ts'

/** A cluster of which a test says all that there is: nothing of it goes over a network. */
export class FakeCluster implements ClusterView {
  readonly name: string
  readonly told: ClusterHost[]
  readonly happened: ClusterMove[] = []
  /** What others say when they are asked; those that are not here do not answer. */
  readonly answers = new Map<string, readonly ComponentInfo[]>()
  /** Which hosts were asked, one after the other. */
  readonly asked: string[] = []

  constructor(name: string, ...others: readonly string[]) {
    this.name = name
    this.told = [name, ...others].map((each) => fakeHost(each))
  }

  hosts(): ClusterHost[] {
    return this.told
  }

  moves(): readonly ClusterMove[] {
    return this.happened
  }

  keys(): number {
    return 3
  }

  moveCounts(): Readonly<Record<MoveKind, number>> {
    const counts = { placed: 0, 'taken-over': 0, 'handed-over': 0, 'given-back': 0, lost: 0 }
    for (const { kind } of this.happened) counts[kind]++
    return counts
  }

  async componentsOf(host: string): Promise<readonly ComponentInfo[]> {
    this.asked.push(host)
    const answer = this.answers.get(host)
    if (!answer) throw new Error(`${host} does not answer`)
    return answer
  }
}

export function fakeHost(name: string, more: Partial<ClusterHost> = {}): ClusterHost {
  const room = 200 * 1024 ** 2
  return { name, level: 'low', room, loaded: ['prices'], offers: ['prices', 'books'], lastSeen: Date.now(), ...more }
}

/** A loaded component as its host tells of it. */
export function fakeInfo(name: string, more: Partial<ComponentInfo> = {}): ComponentInfo {
  const memory = { used: 1, physical: 8 * 1024 ** 2, external: 0, malloced: 0, reported: 0, native: 0 }
  return {
    name,
    family: null,
    type: 'service',
    state: 'ready',
    generation: 1,
    isolation: 'thread',
    pid: null,
    priority: 50,
    pinned: false,
    dependencies: [],
    dependents: [],
    inUse: 0,
    idleTime: 0,
    lastAccess: Date.now(),
    loads: 1,
    unloads: 0,
    crashes: 0,
    regrets: 0,
    calls: 10,
    errors: 0,
    loadedFor: null,
    lastLoadTime: 20,
    memoryEstimate: 8 * 1024 ** 2,
    memoryLimit: null,
    minIdleTime: null,
    learnedPeak: null,
    addons: [],
    stuckFor: 0,
    waiting: 0,
    since: Date.now() - 60_000,
    failure: null,
    memory: { ...memory, total: 8 * 1024 ** 2, peak: 9 * 1024 ** 2, sampledAt: Date.now(), stale: false },
    instances: [],
    ...more,
  }
}
