import type { CostModel } from './cost-model.ts'

/** A component as the simulator knows it. */
export interface TraceComponent {
  readonly name: string
  /** What it holds while loaded, bytes. */
  readonly bytes: number
  /** What loading it takes, ms. */
  readonly initCost: number
  /** How long a call of it takes, ms. */
  readonly callTime: number
}

/** A call: which component (its index), when (ms from the start). */
export interface TraceCall {
  readonly time: number
  readonly component: number
}

/** An invocation trace: calls in the order of their times. */
export interface Trace {
  readonly name: string
  readonly cost: CostModel
  readonly components: readonly TraceComponent[]
  readonly calls: readonly TraceCall[]
}

/** The memory it takes to keep everything loaded, bytes. */
export const footprintOf = (trace: Trace): number =>
  trace.components.reduce((sum, component) => sum + component.bytes, 0)

export const inOrder = (calls: TraceCall[]): TraceCall[] =>
  calls.sort((a, b) => a.time - b.time || a.component - b.component)
