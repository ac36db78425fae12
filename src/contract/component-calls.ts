/** Who calls a component, since it was registered. Times in epoch ms. */
export interface ComponentCaller {
  /** The component that calls; null: the main thread. */
  readonly name: string | null
  readonly calls: number
  readonly errors: number
  readonly lastCall: number | null
}

/** What calls of a component failed with, those that are alike once. */
export interface ComponentError {
  /** Of the last of them. */
  readonly time: number
  /** As in ComponentCaller. */
  readonly from: string | null
  readonly method: string
  readonly name: string
  readonly code: string | null
  readonly message: string
  readonly count: number
}

export interface ComponentCalls {
  /** Those that call most first. */
  readonly callers: readonly ComponentCaller[]
  /** The last ones, the latest first. */
  readonly lastErrors: readonly ComponentError[]
}
