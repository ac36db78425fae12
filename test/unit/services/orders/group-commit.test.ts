import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GroupCommit } from '../../../../src/services/orders/group-commit.ts'

/** A transaction over a list: undone when the work throws, durable when it returns. */
class Journal {
  durable: string[] = []
  transactions = 0
  failure: Error | undefined
  pending: string[] = []
  readonly commits = new GroupCommit((work) => this.#transaction(work))

  write(entry: string): Promise<string> {
    return this.commits.submit(() => ({ result: entry, write: () => this.pending.push(entry) }))
  }

  #transaction(work: () => void): void {
    this.transactions += 1
    this.pending = [...this.durable]
    work()
    if (this.failure !== undefined) throw this.failure
    this.durable = this.pending
  }
}

describe('GroupCommit', () => {
  it('puts what arrives in one turn into one transaction, and answers after it', async () => {
    const journal = new Journal()
    const answers = ['a', 'b', 'c'].map(async (entry) => {
      const answer = await journal.write(entry)
      expect(journal.durable).toContain(entry)
      return answer
    })
    expect(journal.transactions).toBe(0)
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c'])
    expect(journal.transactions).toBe(1)
    expect(journal.durable).toEqual(['a', 'b', 'c'])
  })

  it('bounds a transaction to 1,000 operations', async () => {
    const journal = new Journal()
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => journal.write(`${i}`)))
    expect(journal.transactions).toBe(10)
    expect(journal.durable).toHaveLength(10_000)
  })

  it('rejects the one that is refused, and writes the others', async () => {
    const journal = new Journal()
    const outcomes = await Promise.allSettled([
      journal.write('a'),
      journal.commits.submit(() => {
        throw new RangeError('refused')
      }),
      journal.write('b'),
    ])
    expect(outcomes).toMatchObject([{ value: 'a' }, { reason: new RangeError('refused') }, { value: 'b' }])
    expect(journal.durable).toEqual(['a', 'b'])
  })

  it('lets an operation see what those before it wrote', async () => {
    const journal = new Journal()
    const seen = [journal.write('a'), journal.commits.submit(() => ({ result: journal.pending.join() }))]
    expect(await Promise.all(seen)).toEqual(['a', 'a'])
  })

  it('rejects all of a transaction that fails, and goes on with the next', async () => {
    const journal = new Journal()
    journal.failure = new Error('disk full')
    const outcomes = await Promise.allSettled([
      journal.write('a'),
      journal.commits.submit(() => {
        throw new RangeError('because of a')
      }),
    ])
    expect(outcomes).toMatchObject([{ reason: journal.failure }, { reason: journal.failure }])
    journal.failure = undefined
    expect(await journal.write('b')).toBe('b')
    expect(journal.durable).toEqual(['b'])
  })

  it('commits at once what waits when flushed', async () => {
    const journal = new Journal()
    const answer = journal.write('a')
    journal.commits.flush()
    expect(journal.durable).toEqual(['a'])
    expect(await answer).toBe('a')
    await turn()
    expect(journal.transactions).toBe(1)
  })
})
