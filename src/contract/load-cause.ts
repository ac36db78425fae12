/** Why a component is loaded. */
export type LoadCause =
  /** A call waits for it. `of`: the component that calls; null: the main thread. */
  | { readonly by: 'call'; readonly of: string | null }
  /** That component is being loaded, and needs it. */
  | { readonly by: 'dependency'; readonly of: string }
  /** It was asked for by name: `getComponent`, `acquire`, `preload`, the dashboard, the command line. */
  | { readonly by: 'request'; readonly of: null }
  /** Its other copies have as many calls as they take. */
  | { readonly by: 'busy-copies'; readonly of: null }
  /** It takes the place of another generation. */
  | { readonly by: 'recycle'; readonly of: null }
