import { closeSync, openSync, writeSync } from 'node:fs'

/** Bytes that are written at a time. */
const piece = 1024 ** 2

/**
 * Writes an ONNX model, `y = x + weights`, with that many weights. The format is protocol buffers (github.com/onnx/onnx, onnx.proto): a field is its number
 * and wire type, then a varint or a length and bytes. The weights come last in each message, so that nothing has to be held.
 */
export function writeModel(path: string, weights: number): void {
  const size = weights * 4
  const data = head(9, size)
  const tensor = [varint(1, weights), varint(2, 1), text(8, 'w'), data]
  const tensorSize = sizeOf(tensor) + size
  const node = Buffer.concat([text(1, 'x'), text(1, 'w'), text(2, 'y'), text(4, 'Add')])
  const graph = [
    bytes(1, node),
    text(2, 'add'),
    bytes(11, value('x', 1)),
    bytes(12, value('y', weights)),
    head(5, tensorSize),
  ]
  const graphSize = sizeOf(graph) + tensorSize
  const operators = bytes(8, Buffer.concat([text(1, ''), varint(2, 13)]))
  const file = openSync(path, 'w')
  writeSync(file, Buffer.concat([varint(1, 8), operators, head(7, graphSize), ...graph, ...tensor]))
  // Not all alike, or what reads them might keep one.
  const random = crypto.getRandomValues(new Uint8Array(65_536))
  const block = Buffer.alloc(piece)
  for (let at = 0; at < piece; at += random.length) block.set(random, at)
  for (let left = size; left > 0; left -= piece) writeSync(file, block, 0, Math.min(left, piece))
  closeSync(file)
}

/** A value of 32-bit floats in one dimension. */
function value(name: string, length: number): Uint8Array {
  const shape = bytes(1, varint(1, length))
  const tensor = Buffer.concat([varint(1, 1), bytes(2, shape)])
  return Buffer.concat([text(1, name), bytes(2, bytes(1, tensor))])
}

const text = (field: number, value: string): Uint8Array => bytes(field, Buffer.from(value))
const varint = (field: number, value: number): Uint8Array => Uint8Array.of(field * 8, ...digits(value))
const head = (field: number, length: number): Uint8Array => Uint8Array.of(field * 8 + 2, ...digits(length))
const bytes = (field: number, value: Uint8Array): Uint8Array => Buffer.concat([head(field, value.length), value])
const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0)

function digits(value: number): number[] {
  const rest = Math.floor(value / 128)
  return rest === 0 ? [value] : [(value % 128) + 128, ...digits(rest)]
}
