/** Six columns of numbers, or as many fields of an object. */
export type Columns = Readonly<Record<string, Float64Array<ArrayBuffer>>>
export type Candle = Readonly<Record<string, number>>

/** Where candles come from: a worker that has `candles.js`. What it has no way for is left out. */
export interface DataSource {
  readonly objects: (count: number) => Promise<readonly Candle[]>
  /** Cloned, as typed arrays are when nobody asks for more. */
  readonly columns: (count: number) => Promise<Columns>
  /** Fresh ones, moved. */
  readonly moved?: (count: number) => Promise<Columns>
  /** A stream of `count` rows, `size` at a time or, with 0, one by one; as one writes it with what the library has. */
  readonly rows?: (count: number, size: number) => AsyncIterable<Candle | readonly Candle[]>
}

/** What arrives without having been asked for, kept until it is read: there is no backpressure in messages. */
export class Arrivals<T> implements AsyncIterable<T> {
  #items: T[] = []
  #wake: () => void = () => {}
  #ended = false

  push(item: T): void {
    this.#items.push(item)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const items = this.#items
      this.#items = []
      yield* items
      if (this.#items.length > 0) continue
      if (this.#ended) return
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
