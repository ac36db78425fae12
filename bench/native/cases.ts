/** What takes memory that V8 does not count, by what the table calls it. */
export const cases: Readonly<Record<string, { readonly module: string; readonly config?: object }>> = {
  DuckDB: { module: 'duckdb' },
  '@napi-rs/canvas': { module: 'canvas' },
  'onnxruntime-node': { module: 'onnx' },
  sharp: { module: 'sharp' },
  'node:sqlite, a file': { module: 'sqlite', config: { path: 'bench.db' } },
  'node:sqlite, in memory': { module: 'sqlite', config: { path: ':memory:' } },
  'node:sqlite, reported': { module: 'sqlite', config: { path: ':memory:', reports: true } },
  SharedArrayBuffers: { module: 'shared' },
  WebAssembly: { module: 'wasm' },
}

/** What one process measured. Bytes and ms. */
export interface Measured {
  /** Growth of the resident set, without what the allocator kept free. */
  readonly grown: number
  /** Growth of usage 2 s later. */
  readonly counted: number
  /** Of that, the component's. */
  readonly own: number
  /** How it ended once it was past its limit: 'ended', 'unloaded' or 'stays', and how long after it had taken what passes it. */
  readonly outcome: string
  readonly took: number
}
