/** Bytes of one entry that is read as a whole: what V8 says of the file's format takes 2 KB. */
const mostHeader = 1024 ** 2
/** Bytes of a name that are kept: a constructor has a shorter one. */
const mostName = 4_096

const quote = 0x22
const backslash = 0x5c
const [zero, nine] = [0x30, 0x39]
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d]
const [colon, comma] = [0x3a, 0x2c]

/** Where the file stops being a heap snapshot. */
export class HeapSnapshotError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message)
    this.name = 'HeapSnapshotError'
  }
}

/**
 * Reads the entries of a file of any size one after the other, and keeps none of it: V8 makes no string of more than half a gigabyte, and a snapshot may be
 * several.
 */
export class HeapSnapshotReader {
  /** Bytes read before this chunk. */
  #before = 0
  /** @type {Uint8Array} */
  #chunk = new Uint8Array()
  #at = 0
  /** What is being read, for whoever is told that the file ends in it. */
  #part = 'its beginning'
  #chunks

  /** @param {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} chunks */
  constructor(chunks) {
    this.#chunks = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  /** Bytes that the file has, once it has been read. */
  get bytes() {
    return this.#before + this.#chunk.length
  }

  /**
   * The name of the next entry of the whole, whose value is to be read or skipped next; undefined after the last one.
   *
   * @returns {Promise<string | undefined>}
   */
  async entry() {
    const first = await this.#token()
    if (first === closeObject) {
      while (await this.#more());
      return undefined
    }
    const begins = this.#part === 'its beginning'
    if (first !== (begins ? openObject : comma)) throw this.#strange(first)
    if ((await this.#token()) !== quote) throw this.#strange()
    const name = await this.#text(100)
    if ((await this.#token()) !== colon) throw this.#strange()
    this.#part = `its ${name}`
    return name
  }

  /** The value of an entry that is small. @returns {Promise<unknown>} */
  async value() {
    /** @type {number[]} */
    const kept = []
    await this.#pass((byte) => {
      if (kept.push(byte) > mostHeader)
        throw new HeapSnapshotError(`${this.#part} is too long to be that of a heap snapshot`)
    })
    try {
      return JSON.parse(new TextDecoder().decode(new Uint8Array(kept)))
    } catch {
      throw new HeapSnapshotError(`${this.#part} is no JSON`)
    }
  }

  /** Passes over the value of an entry. */
  async skip() {
    await this.#pass(() => {})
  }

  /** @param {(value: number) => void} each told of every number of a list */
  async numbers(each) {
    if ((await this.#token()) !== openList) throw this.#strange()
    let value = -1
    do {
      const chunk = this.#chunk
      for (let at = this.#at; at < chunk.length; at++) {
        const byte = chunk[at] ?? 0
        if (byte >= zero && byte <= nine) {
          value = value < 0 ? byte - zero : value * 10 + (byte - zero)
          continue
        }
        if (value >= 0) {
          each(value)
          value = -1
        }
        this.#at = at + 1
        if (byte === closeList) return
        if (byte !== comma && byte > 0x20) throw this.#strange(byte)
      }
    } while (await this.#more())
    throw this.#cutOff()
  }

  /**
   * @param {(index: number) => boolean} isWanted
   * @param {(index: number, text: string) => void} each told of those strings of a list that are wanted
   */
  async strings(isWanted, each) {
    if ((await this.#token()) !== openList) throw this.#strange()
    for (let index = 0; ; index++) {
      let byte = await this.#token()
      if (byte === comma) byte = await this.#token()
      if (byte === closeList) return
      if (byte !== quote) throw this.#strange(byte)
      if (isWanted(index)) each(index, await this.#text(mostName))
      else await this.#pastQuote(() => {})
    }
  }

  /**
   * The rest of a string.
   *
   * @param {number} most bytes; what is beyond is left out
   */
  async #text(most) {
    /** @type {number[]} */
    const kept = []
    let cut = false
    await this.#pastQuote((byte) => {
      if (kept.length < most) kept.push(byte)
      else cut = true
    })
    const text = new TextDecoder().decode(new Uint8Array(kept))
    // An escape that was cut through goes with what is missing.
    const whole = cut ? text.replace(/\\+(?:u[\da-f]{0,3})?$/i, '') : text
    try {
      return /** @type {string} */ (JSON.parse(`"${whole}"`)) + (cut ? '…' : '')
    } catch {
      throw new HeapSnapshotError(`${this.#part} has a text that is no JSON`)
    }
  }

  /** @param {(byte: number) => void} each told of every byte of a string up to its end */
  async #pastQuote(each) {
    let escaped = false
    do {
      const chunk = this.#chunk
      for (let at = this.#at; at < chunk.length; at++) {
        const byte = chunk[at] ?? 0
        if (!escaped && byte === quote) {
          this.#at = at + 1
          return
        }
        escaped = !escaped && byte === backslash
        each(byte)
      }
    } while (await this.#more())
    throw this.#cutOff()
  }

  /** @param {(byte: number) => void} each told of every byte of one value, up to what ends it */
  async #pass(each) {
    let depth = 0
    let inString = false
    let escaped = false
    do {
      const chunk = this.#chunk
      for (let at = this.#at; at < chunk.length; at++) {
        const byte = chunk[at] ?? 0
        if (inString) {
          inString = escaped || byte !== quote
          escaped = !escaped && byte === backslash
        } else if (byte === quote) inString = true
        else if (byte === openObject || byte === openList) depth++
        else if (depth === 0 && (byte === comma || byte === closeObject)) {
          this.#at = at
          return
        } else if (byte === closeObject || byte === closeList) depth--
        each(byte)
      }
    } while (await this.#more())
    throw this.#cutOff()
  }

  /** The next byte that is no white space. */
  async #token() {
    do {
      while (this.#at < this.#chunk.length) {
        const byte = this.#chunk[this.#at++] ?? 0
        if (byte > 0x20) return byte
      }
    } while (await this.#more())
    throw this.#cutOff()
  }

  async #more() {
    this.#before += this.#chunk.length
    this.#at = 0
    const { done, value } = await this.#chunks.next()
    this.#chunk = done === true ? new Uint8Array() : value
    return done !== true
  }

  #cutOff() {
    if (this.#before === 0) return new HeapSnapshotError('the file is empty')
    return new HeapSnapshotError(`the file is cut off: it ends in ${this.#part}, after ${this.#before} bytes`)
  }

  /** @param {number} [byte] */
  #strange(byte) {
    if (this.#part === 'its beginning')
      return new HeapSnapshotError('it is no heap snapshot: it does not begin like one')
    const what = byte === undefined ? 'something else' : JSON.stringify(String.fromCodePoint(byte))
    return new HeapSnapshotError(`it is no heap snapshot: in ${this.#part}, ${what} stands where it cannot`)
  }
}
