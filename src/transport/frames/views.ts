type View = new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => ArrayBufferView

/** Newer than the library that the sources are compiled for. */
const { Float16Array } = globalThis as { readonly Float16Array?: View & { readonly BYTES_PER_ELEMENT: number } }

/** In the order of their numbers on the way. */
const classes: readonly (View & { readonly BYTES_PER_ELEMENT?: number })[] = [
  DataView,
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
  ...(Float16Array ? [Float16Array] : []),
]
const numbers = new Map(classes.map((each, number) => [each.name, number]))
const tagOfTypedArray = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)

/** Of the built-in class that a view is of, whatever its subclass calls itself. */
export function viewNumber(view: ArrayBufferView): number {
  const name: unknown = tagOfTypedArray?.get?.call(view) ?? 'DataView'
  return numbers.get(String(name)) ?? 0
}

/** Its buffer has been made so small that it lies outside, at least in part: structured clone refuses it. A DataView throws when it is asked for its length. */
export function isOutOfBounds(view: ArrayBufferView): boolean {
  if (view.byteLength > 0 || view instanceof DataView) return false
  try {
    // What any method of it looks at first.
    Uint8Array.prototype.at.call(view as Uint8Array, 0)
    return false
  } catch {
    return true
  }
}

/**
 * A view as structured clone makes it: a Node Buffer comes out as a Uint8Array.
 *
 * @param byteLength undefined: as far as the buffer goes, also when that is resized.
 */
export function viewOn(number: number, buffer: ArrayBuffer, byteOffset: number, byteLength?: number): ArrayBufferView {
  const View = classes[number]
  if (!View) throw new Error(`There is no view of kind ${number}`)
  if (byteLength === undefined) return new View(buffer, byteOffset)
  return new View(buffer, byteOffset, byteLength / (View.BYTES_PER_ELEMENT ?? 1))
}
