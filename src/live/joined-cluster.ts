import type { ClusterView } from '../contract/cluster.ts'

/** The clusters that coordinators of this process have joined: the cluster is built on all that watches, which must find it all the same. */
const joined = new WeakMap<object, ClusterView>()

/** The dashboard, metrics and command line of that coordinator show the cluster from now on. Returns what ends that. */
export function showCluster(coordinator: object, cluster: ClusterView): () => void {
  joined.set(coordinator, cluster)
  return () => void joined.delete(coordinator)
}

/** The cluster that a coordinator has joined. */
export function clusterOf(coordinator: object): ClusterView | undefined {
  return joined.get(coordinator)
}
