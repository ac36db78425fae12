import type * as Inspector from 'node:inspector'

let inspector: typeof Inspector | undefined

/**
 * A debugger can be connected to this process, however its inspector was opened: `--inspect`, SIGUSR1, `inspector.open()`. Whether one is, nobody tells.
 * Threads have the inspector of their process, and do not know of it.
 */
export function isInspectorOpen(): boolean {
  // Node can be built without one. It takes 1 ms to load.
  if (!process.features.inspector) return false
  inspector ??= process.getBuiltinModule('node:inspector')
  return inspector.url() !== undefined
}
