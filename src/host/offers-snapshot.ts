/** What a component may offer besides its methods: its state as a value that can be cloned. */
interface Snapshotting {
  snapshot(): unknown
}

export function offersSnapshot(api: object): api is Snapshotting {
  return 'snapshot' in api && typeof api.snapshot === 'function' && api.snapshot.length === 0
}
