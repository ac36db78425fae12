import { HeapSnapshotError, HeapSnapshotReader } from './heap-snapshot-reader.js'

/** Which constructors what is on a heap has, and what of it grew from one heap snapshot to the next. In a browser and in Node alike. */

/**
 * What has one constructor in common, or one kind. `bytes` is what these themselves take; `held` is that and what nothing but they leads to: their strings,
 * lists, maps, buffers and plain objects, where a class of the program's own is in between.
 *
 * @typedef {{ readonly count: number, readonly bytes: number, readonly held: number }} Group
 */
/** @typedef {{ readonly bytes: number, readonly objects: number, readonly groups: ReadonlyMap<string, Group> }} HeapSummary */
/** @typedef {{ readonly name: string } & Group} HeapGrowth */

/** Of each kind of node that goes by its kind; others go by their name. */
/** @type {Readonly<Record<string, string>>} */
const kindNames = {
  hidden: '(system)',
  array: '(array)',
  string: '(string)',
  'concatenated string': '(string)',
  'sliced string': '(string)',
  code: '(compiled code)',
  closure: 'Function',
  regexp: 'RegExp',
  number: '(number)',
  symbol: '(symbol)',
  bigint: '(bigint)',
  'object shape': '(object shape)',
  synthetic: '(runtime)',
}
/** What V8 calls them says little. */
/** @type {Readonly<Record<string, string>>} */
const plainNames = {
  'system / JSArrayBufferData': '(ArrayBuffer data)',
  'system / ExternalStringData': '(string)',
  'system / Context': '(closure context)',
}
/** Constructors that come with the language, and Node's buffers: who holds one says more than that it is one. */
const common =
  /^(?:Object|Array|Map|Set|WeakMap|WeakSet|WeakRef|Date|Promise|Error|(?:Shared)?ArrayBuffer|DataView|Buffer|FastBuffer|(?:Big)?(?:Uint|Int|Float)\d+(?:Clamped)?Array|Arguments)$/

/** Instead of a node's number: it has not been seen, or there are several. */
const [none, several] = [0xffffffff, 0xfffffffe]
/** Nodes that fit into memory here: some 20 bytes each. */
const mostNodes = 200_000_000

/**
 * @param {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} chunks the bytes of a .heapsnapshot, of any size
 * @returns {Promise<HeapSummary>}
 * @throws HeapSnapshotError that says what is wrong with the file
 */
export async function summarise(chunks) {
  const reader = new HeapSnapshotReader(chunks)
  /** @type {Heap | undefined} */
  let heap
  let read = 0
  for (let entry = await reader.entry(); entry !== undefined; entry = await reader.entry()) {
    if (entry === 'snapshot') heap = new Heap(await reader.value())
    else if (entry !== 'nodes' && entry !== 'edges' && entry !== 'strings') await reader.skip()
    else if (!heap) throw new HeapSnapshotError(`it is no heap snapshot: its ${entry} come before what they are`)
    else {
      read++
      if (entry === 'nodes') await reader.numbers(heap.addNode)
      else if (entry === 'edges') await reader.numbers(heap.addEdge)
      else await reader.strings(heap.isName, heap.addName)
    }
  }
  if (!heap || read < 3) throw new HeapSnapshotError('it is no heap snapshot: nodes, edges or strings are missing')
  return heap.summary()
}

/**
 * What grew, most first, and what shrank, last: of a constructor with more instances by `held`, else by what they themselves take.
 *
 * @param {HeapSummary} before
 * @param {HeapSummary} after
 * @param {number} [most] rows
 * @returns {HeapGrowth[]}
 */
export function difference(before, after, most = 50) {
  const nothing = { count: 0, bytes: 0, held: 0 }
  const names = new Set([...after.groups.keys(), ...before.groups.keys()])
  const rows = Array.from(names, (name) => {
    const [was, is] = [before.groups.get(name) ?? nothing, after.groups.get(name) ?? nothing]
    return { name, count: is.count - was.count, bytes: is.bytes - was.bytes, held: is.held - was.held }
  })
  const growth = (/** @type {HeapGrowth} */ { count, bytes, held }) => (count > 0 ? held : bytes)
  return rows
    .filter(({ count, bytes }) => count !== 0 || bytes !== 0)
    .sort((a, b) => growth(b) - growth(a) || (a.name < b.name ? -1 : 1))
    .slice(0, most)
}

/** @param {unknown} value @returns {Readonly<Record<string, unknown>>} */
const record = (value) =>
  typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {}
/** @param {unknown} value @returns {readonly unknown[]} */
const list = (value) => (Array.isArray(value) ? value : [])

/** Of each node what is needed, in columns: who it belongs to, and its only parent. */
class Heap {
  /** Of the fields that one node, or one edge, has. */
  #node = { fields: 0, type: 0, name: 0, size: 0, edges: 0 }
  #edge = { fields: 0, type: 0, to: 0 }
  /** @type {readonly unknown[]} */
  #kinds
  #weak
  #length
  #sizes
  #edgeCounts
  #groupOf
  #parents
  /** @type {{ readonly kind: string, readonly name: number }[]} */
  #groups = []
  /** @type {Map<number, number>} */
  #groupIds = new Map()
  /** @type {Map<number, string>} */
  #names = new Map()
  /** @type {Set<number>} */
  #wanted = new Set()
  /** Numbers of the node, or edge, that is being read, and how many there are so far. */
  #row
  #filled = 0
  #nodes = 0
  /** Whose edges are being read, and how many of them are to come. */
  #from = -1
  #left = 0

  /** @param {unknown} header */
  constructor(header) {
    const { meta, node_count: length } = record(header)
    const { node_fields, node_types, edge_fields, edge_types } = record(meta)
    const [node, edge] = [list(node_fields), list(edge_fields)]
    this.#node = {
      fields: node.length,
      type: node.indexOf('type'),
      name: node.indexOf('name'),
      size: node.indexOf('self_size'),
      edges: node.indexOf('edge_count'),
    }
    this.#edge = { fields: edge.length, type: edge.indexOf('type'), to: edge.indexOf('to_node') }
    this.#kinds = list(list(node_types)[this.#node.type])
    this.#weak = list(list(edge_types)[this.#edge.type]).indexOf('weak')
    if (
      typeof length !== 'number' ||
      Math.min(...Object.values(this.#node), ...Object.values(this.#edge)) < 0 ||
      this.#kinds.length === 0
    ) {
      throw new HeapSnapshotError('it is no heap snapshot: it does not say what its nodes and edges are')
    }
    if (!(Number.isInteger(length) && length >= 0 && length <= mostNodes)) {
      throw new HeapSnapshotError(`it says that it has ${length} nodes: at most ${mostNodes} can be compared`)
    }
    this.#length = length
    this.#row = new Float64Array(Math.max(node.length, edge.length))
    this.#sizes = new Float64Array(length)
    this.#edgeCounts = new Uint32Array(length)
    this.#groupOf = new Int32Array(length)
    this.#parents = new Uint32Array(length).fill(none)
  }

  addNode = (/** @type {number} */ value) => {
    const row = this.#row
    row[this.#filled++] = value
    if (this.#filled < this.#node.fields) return
    this.#filled = 0
    const { type, name, size, edges } = this.#node
    if (this.#nodes === this.#length)
      throw new HeapSnapshotError(`it has more nodes than the ${this.#length} that it says it has`)
    const at = this.#nodes++
    this.#sizes[at] = row[size] ?? 0
    this.#edgeCounts[at] = row[edges] ?? 0
    this.#groupOf[at] = this.#group(row[type] ?? 0, row[name] ?? 0)
  }

  addEdge = (/** @type {number} */ value) => {
    const row = this.#row
    row[this.#filled++] = value
    if (this.#filled < this.#edge.fields) return
    this.#filled = 0
    while (this.#left === 0) {
      if (++this.#from >= this.#length) throw new HeapSnapshotError('it has more edges than its nodes have')
      this.#left = this.#edgeCounts[this.#from] ?? 0
    }
    this.#left--
    const to = (row[this.#edge.to] ?? 0) / this.#node.fields
    if (row[this.#edge.type] !== this.#weak && to !== this.#from) {
      if (!(to < this.#length) || !Number.isInteger(to))
        throw new HeapSnapshotError('one of its edges leads to no node')
      const parent = this.#parents[to]
      if (parent === none) this.#parents[to] = this.#from
      else if (parent !== this.#from) this.#parents[to] = several
    }
  }

  isName = (/** @type {number} */ index) => this.#wanted.has(index)

  addName = (/** @type {number} */ index, /** @type {string} */ text) => {
    this.#names.set(index, text)
  }

  /** @returns {HeapSummary} */
  summary() {
    if (this.#nodes < this.#length || this.#filled > 0)
      throw new HeapSnapshotError(`it has ${this.#nodes} nodes of the ${this.#length} that it says it has`)
    /** @type {Map<string, { count: number, bytes: number, held: number }>} */
    const groups = new Map()
    const sums = this.#groups.map(({ kind, name }) => {
      const label = this.#label(kind, name)
      const sum = groups.get(label) ?? { count: 0, bytes: 0, held: 0 }
      groups.set(label, sum)
      return {
        sum,
        isClass: kind === 'object' && !common.test(label) && !/^\(|\//.test(label),
        isRoot: kind === 'synthetic',
      }
    })
    const holders = this.#holders(sums)
    let bytes = 0
    for (let node = 0; node < this.#length; node++) {
      const size = this.#sizes[node] ?? 0
      const own = sums[this.#groupOf[node] ?? 0]
      if (!own) continue
      bytes += size
      own.sum.count++
      own.sum.bytes += size
      if (!own.isClass) own.sum.held += size
      const holder = holders[node] ?? none
      if (holder < several) {
        const holding = sums[holder]
        if (holding) holding.sum.held += size
      }
    }
    return { bytes, objects: this.#length, groups }
  }

  /**
   * The group of the class that alone leads to each node; its own, where that is one. Otherwise `several`.
   *
   * @param {readonly { readonly isClass: boolean, readonly isRoot: boolean }[]} groups
   */
  #holders(groups) {
    const holders = new Uint32Array(this.#length).fill(none)
    /** @type {number[]} */
    const path = []
    for (let first = 0; first < this.#length; first++) {
      let node = first
      let holder = none
      while (holder === none) {
        const known = holders[node] ?? several
        const group = this.#groupOf[node] ?? 0
        const parent = this.#parents[node] ?? several
        if (known !== none) holder = known
        else if (groups[group]?.isClass) holder = group
        else if (parent >= several || groups[group]?.isRoot) holder = several
        else {
          // Until more is known: nodes of which each is the only one that leads to the next, in a circle, have no holder.
          holders[node] = several
          path.push(node)
          node = parent
        }
      }
      for (const each of path) holders[each] = holder
      holders[first] = holder
      path.length = 0
    }
    return holders
  }

  /** @param {number} type @param {number} name */
  #group(type, name) {
    const kind = String(this.#kinds[type])
    const byKind = kindNames[kind] !== undefined
    const key = byKind ? -1 - type : name * this.#kinds.length + type
    let id = this.#groupIds.get(key)
    if (id === undefined) {
      id = this.#groups.push({ kind, name }) - 1
      this.#groupIds.set(key, id)
      if (!byKind) this.#wanted.add(name)
    }
    return id
  }

  /** @param {string} kind @param {number} index */
  #label(kind, index) {
    const byKind = kindNames[kind]
    if (byKind !== undefined) return byKind
    const name = this.#names.get(index)
    if (name === undefined)
      throw new HeapSnapshotError(`one of its nodes is called by text ${index}, which is not in the file`)
    return plainNames[name] ?? (name === '' ? '(anonymous)' : name)
  }
}
