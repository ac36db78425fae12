import { transfer } from 'comlink'
import type { Transferable } from 'node:worker_threads'

/**
 * What `transfer(value, list)` of comlink was told to move. comlink keeps that in a WeakMap of its own which it does not export, and the only other
 * way to read it is to send the value through a comlink proxy at several microseconds a value. So the map is caught once, when
 * this module is loaded, by watching the one `WeakMap.prototype.set` that a first `transfer` makes.
 */
const transferLists: Pick<WeakMap<object, readonly Transferable[]>, 'get'> = catchTransferCache()

/** The transferables noted for `value`; undefined for most values. */
export function transferListOf(value: object): readonly Transferable[] | undefined {
  return transferLists.get(value)
}

function catchTransferCache(): WeakMap<object, readonly Transferable[]> {
  const { prototype } = WeakMap
  // oxlint-disable-next-line typescript/unbound-method -- always applied to a map
  const original = prototype.set
  let caught: WeakMap<object, readonly Transferable[]> | undefined
  try {
    prototype.set = function (this: WeakMap<object, readonly Transferable[]>, ...entry) {
      // oxlint-disable-next-line typescript/no-this-alias -- the map is what is wanted
      caught = this
      return original.apply(this, entry) as WeakMap<WeakKey, unknown>
    } as typeof prototype.set
    transfer({}, [])
  } finally {
    prototype.set = original
  }
  if (!caught) throw new Error('This version of comlink keeps its transfer lists elsewhere; Spillway needs comlink 4.4')
  return caught
}
