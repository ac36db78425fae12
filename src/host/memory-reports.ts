import type { MemoryReportOptions } from '../contract/component-context.ts'
import { InvalidOptionsError } from '../contract/errors.ts'
import { expectOptions } from '../base/option-checks.ts'

/** What a component says that it holds, by source: all of them add up. */
export class MemoryReports {
  readonly #sources = new Map<string, { readonly bytes: number; readonly limited: boolean }>()
  readonly #report: (bytes: number, limited: number) => void

  /** @param report gets the bytes of all together, and what of that counts towards the component's own limit. */
  constructor(report: (bytes: number, limited: number) => void) {
    this.#report = report
  }

  /** @throws InvalidOptionsError */
  report(bytes: number, options: MemoryReportOptions = {}): void {
    const { source = '', limited = false } = expectOptions(options, ['source', 'limited'])
    if (typeof source !== 'string') throw new InvalidOptionsError('reportMemory source', 'a string', source)
    if (typeof limited !== 'boolean') throw new InvalidOptionsError('reportMemory limited', 'true or false', limited)
    if (bytes > 0) this.#sources.set(source, { bytes, limited })
    else this.#sources.delete(source)
    const sum = { all: 0, limited: 0 }
    for (const each of this.#sources.values()) {
      sum.all += each.bytes
      if (each.limited) sum.limited += each.bytes
    }
    this.#report(sum.all, sum.limited)
  }
}
