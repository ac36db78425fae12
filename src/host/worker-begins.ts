let state: 'starting' | 'serving' = 'starting'

/** This thread, or process, is a component's worker, and begins to be that. */
export function workerBegins(): void {
  state = 'serving'
}

export function hasWorkerBegun(): boolean {
  return state === 'serving'
}
