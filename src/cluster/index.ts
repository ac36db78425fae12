export type { ClusterHost, ClusterMove, MoveKind } from '../contract/cluster.ts'
