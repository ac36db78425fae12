import { describe, expect, it } from 'vitest'
import { difference, summarise } from '../../../src/dashboard/page/heap-diff.js'

const kinds = ['hidden', 'array', 'string', 'object', 'native', 'synthetic', 'closure']
type Kind = 'hidden' | 'array' | 'string' | 'object' | 'native' | 'synthetic' | 'closure'
type Node = readonly [kind: Kind, name: string, size: number, to: readonly number[]]

/** As V8 writes it: the nodes with the edges that leave them. A negative number of a node: a weak edge. */
function snapshotOf(nodes: readonly Node[]): string {
  const strings = ['<dummy>', ...new Set(nodes.map(([, name]) => name))]
  const meta = {
    node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'],
    node_types: [kinds, 'string', 'number', 'number', 'number', 'number'],
    edge_fields: ['type', 'name_or_index', 'to_node'],
    edge_types: [['context', 'element', 'weak'], 'string_or_number', 'node'],
  }
  const all = nodes.flatMap(([kind, name, size, to], at) => [
    kinds.indexOf(kind),
    strings.indexOf(name),
    at * 2 + 1,
    size,
    to.length,
    0,
  ])
  const edges = nodes.flatMap(([, , , to]) => to.flatMap((each) => [each < 0 ? 2 : 1, 0, Math.abs(each) * 6]))
  const count = edges.length / 3
  return `{"snapshot":{"meta":${JSON.stringify(meta)},"node_count":${nodes.length},"edge_count":${count}},\n"nodes":[${all.join(',')}\n],\n"edges":[${edges.join(',')}\n],\n"trace_tree":[[1,"]}"],{}],\n"strings":${JSON.stringify(strings)}}`
}

function* inPieces(text: string, size = 64 * 1024): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const root: Node = ['synthetic', '(root)', 0, [1]]
const heap = snapshotOf([
  root,
  ['object', 'Array', 16, [2, 3]],
  ['object', 'Order "ü\\', 100, [4, 5, 9]],
  ['object', 'Order "ü\\', 100, [6, 9]],
  ['array', '(elements)', 40, [7]],
  ['string', 'own', 10, []],
  ['object', 'Map', 20, [8]],
  ['object', 'Object', 7, []],
  ['native', 'system / JSArrayBufferData', 1_000, []],
  ['string', 'shared', 5, []],
])

describe('a heap snapshot is summed up by constructor', () => {
  it('with what a class alone holds, in whatever pieces it comes', async () => {
    for (const size of [1, 7, 4096]) {
      const { bytes, objects, groups } = await summarise(inPieces(heap, size))
      expect({ bytes, objects }).toEqual({ bytes: 1_298, objects: 10 })
      expect(Object.fromEntries(groups)).toEqual({
        '(runtime)': { count: 1, bytes: 0, held: 0 },
        Array: { count: 1, bytes: 16, held: 16 },
        'Order "ü\\': { count: 2, bytes: 200, held: 200 + 40 + 10 + 20 + 7 + 1_000 },
        '(array)': { count: 1, bytes: 40, held: 40 },
        '(string)': { count: 2, bytes: 15, held: 15 },
        Map: { count: 1, bytes: 20, held: 20 },
        Object: { count: 1, bytes: 7, held: 7 },
        '(ArrayBuffer data)': { count: 1, bytes: 1_000, held: 1_000 },
      })
    }
  })

  it('also where objects lead to each other in a circle, or only weakly', async () => {
    const { groups } = await summarise(
      inPieces(
        snapshotOf([
          root,
          ['object', 'Cache', 8, [-2, 3]],
          ['object', 'Object', 100, []],
          ['object', 'Node', 4, [4]],
          ['object', 'Node', 4, [3, 5]],
          ['object', 'Object', 30, [6]],
          ['object', 'Object', 30, [5]],
          ['object', 'Object', 1, [8]],
          ['object', 'Object', 1, [7]],
        ]),
      ),
    )
    expect(groups.get('Cache')).toEqual({ count: 1, bytes: 8, held: 8 })
    expect(groups.get('Node')).toEqual({ count: 2, bytes: 8, held: 8 })
    expect(groups.get('Object')).toMatchObject({ count: 5, bytes: 162 })
  })

  it('cuts a name that is longer than any', async () => {
    const { groups } = await summarise(inPieces(snapshotOf([['object', 'ü"'.repeat(10_000), 3, []]])))
    expect([...groups.keys()].map((name) => [name.length < 5_000, name.endsWith('…')])).toEqual([[true, true]])
  })
})

it('what grew comes first, by what it holds, and what shrank last', async () => {
  const order = (at: number): Node => ['object', 'Order', 10, [at + 1]]
  const text: Node = ['string', 'text', 500, []]
  const [before, after] = await Promise.all(
    [
      [root, ['object', 'Array', 50, [2]], order(2), text, ['object', 'Gone', 9, []]] satisfies Node[],
      [root, ['object', 'Array', 990, [2, 4, 6]], order(2), text, order(4), text, order(6), text] satisfies Node[],
    ].map(async (nodes) => summarise(inPieces(snapshotOf(nodes)))),
  )
  if (!before || !after) throw new Error('both are there')
  expect(difference(before, after)).toEqual([
    { name: 'Order', count: 2, bytes: 20, held: 1_020 },
    { name: '(string)', count: 2, bytes: 1_000, held: 1_000 },
    { name: 'Array', count: 0, bytes: 940, held: 940 },
    { name: 'Gone', count: -1, bytes: -9, held: -9 },
  ])
  expect(difference(before, after, 1)).toHaveLength(1)
  expect(difference(after, after)).toEqual([])
})

describe('a file that is no heap snapshot', () => {
  const failing = async (text: string): Promise<string> =>
    summarise(inPieces(text, 5)).then(
      () => 'it was read',
      (error: Error) => `${error.name}: ${error.message}`,
    )

  it('is told from one that is cut off, and where', async () => {
    expect(await failing('')).toMatch(/HeapSnapshotError: the file is empty$/)
    expect(await failing('not a snapshot')).toMatch(/it does not begin like one$/)
    expect(await failing('{"nodes":[]}')).toMatch(/its nodes come before what they are$/)
    expect(await failing('{"snapshot":{"node_count":1}}')).toMatch(/does not say what its nodes and edges are$/)
    expect(await failing('{"version":1}')).toMatch(/nodes, edges or strings are missing$/)
    expect(await failing(heap.replace('"node_count":10', '"node_count":1e99'))).toMatch(
      /it says that it has 1e\+99 nodes/,
    )
    for (const part of ['snapshot', 'nodes', 'edges', 'trace_tree', 'strings']) {
      const cut = heap.indexOf(':', heap.indexOf(`"${part}"`)) + 3
      expect(await failing(heap.slice(0, cut))).toMatch(
        new RegExp(`the file is cut off: it ends in its ${part}, after ${cut} bytes$`),
      )
    }
  })

  it('is not taken for a smaller one', async () => {
    expect(await failing(heap.replace('"node_count":10', '"node_count":11'))).toMatch(/has 10 nodes of the 11/)
    expect(await failing(heap.replace('"node_count":10', '"node_count":9'))).toMatch(/more nodes than the 9/)
    expect(await failing(heap.replace('"edges":[', '"edges":[1,0,6,'))).toMatch(/more edges than its nodes have/)
    expect(await failing(heap.replace('"edges":[1,0,6', '"edges":[1,0,7'))).toMatch(/leads to no node/)
    expect(await failing(heap.replace('"nodes":[5', '"nodes":[x'))).toMatch(/in its nodes, "x" stands where it cannot/)
    expect(await failing(heap.replace(/"strings":.*/s, '"strings":["only one"]}'))).toMatch(/text 2, which is not in/)
  })
})
