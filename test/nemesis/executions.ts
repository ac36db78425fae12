/** What is known of a call, from its answer: whether it ran. */
export type Verdict = 'ran' | 'did not run' | 'unknown'

const most = 2 ** 16

/**
 * Counts how often each call really ran. The counts are in shared memory, so that they outlive the worker that made them; each call has a slot of
 * its own, its token.
 */
export class Executions {
  readonly counts = new Int32Array(new SharedArrayBuffer(most * Int32Array.BYTES_PER_ELEMENT))
  readonly #verdicts: { readonly what: string; verdict: Verdict }[] = []

  issue(what: string): number {
    if (this.#verdicts.length >= most) throw new RangeError(`A round has more than ${most} calls`)
    return this.#verdicts.push({ what, verdict: 'unknown' }) - 1
  }

  judge(token: number, verdict: Verdict): void {
    const entry = this.#verdicts[token]
    if (entry) entry.verdict = verdict
  }

  get issued(): number {
    return this.#verdicts.length
  }

  /** Every call that ran more than once, or not as its answer says. */
  problems(): string[] {
    return this.#verdicts.flatMap(({ what, verdict }, token) => {
      const times = Atomics.load(this.counts, token)
      const right = verdict === 'ran' ? times === 1 : verdict === 'did not run' ? times === 0 : times <= 1
      return right ? [] : [`${what} ran ${times} times, and by its answer: ${verdict}`]
    })
  }
}
