const WIDTH = 30

/** A progress bar on a terminal's stderr; nothing where nobody looks. */
export class Progress {
  private done = 0
  private readonly total: number
  private readonly stream: NodeJS.WriteStream

  constructor(total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.total = Math.max(1, total)
    this.stream = stream
  }

  /** One more step of the total is done; `label` says what comes next. */
  advance(label: string): void {
    this.done++
    if (!this.stream.isTTY) return
    const share = Math.min(1, this.done / this.total)
    const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░')
    this.stream.write(`\r${bar} ${Math.round(share * 100)}% ${label}\u001b[K`)
  }

  end(): void {
    if (this.stream.isTTY) this.stream.write('\r\u001b[K')
  }
}
