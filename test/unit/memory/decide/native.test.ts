import { describe, expect, test } from 'vitest'
import {
  checkBegan,
  checkEnded,
  initialNative,
  nativeLookIn,
  stepNative,
  workerGone,
} from '../../../../src/memory/decide/native.ts'
import type { NativeState } from '../../../../src/memory/decide/native.ts'
import { sizeOf, snapshotWriter } from '../../../../src/memory/decide/native-shares.ts'
import type { NativeShare, NativeSuspect } from '../../../../src/memory/decide/native-shares.ts'

const mib = 1024 ** 2
/** ms between two samples here. */
const gap = 250

/** A process whose memory is what a test says. MiB. */
class Process {
  time = 1_000
  /** What isolates hold. */
  held = 50
  /** What addons hold. */
  native = 0
  /** What the allocator keeps, and V8's pool. */
  kept = 0
  pool = 0
  canTrim = true
  others = false
  isFresh = true
  suspects: NativeSuspect[] = []
  trims = 0
  readonly returned: { key: string; expected: number; bytes: number }[] = []
  #state: NativeState

  constructor(facts: { readonly native?: number; readonly kept?: number } = {}) {
    Object.assign(this, facts)
    this.#state = initialNative(this.#reading)
  }

  get #reading() {
    const anonymous = (20 + this.held + this.native + this.kept + this.pool) * mib
    return { time: this.time, anonymous, held: this.held * mib, constant: 20 * mib }
  }

  component(key: string, facts: Partial<NativeSuspect> = {}): void {
    this.suspects.push({ key, worked: false, capable: true, proven: false, ...facts })
  }

  /** Who is at work from now on. */
  work(...keys: readonly string[]): void {
    this.suspects = this.suspects.map((suspect) => ({ ...suspect, worked: keys.includes(suspect.key) }))
  }

  /** Takes samples for so long (ms), and asks the allocator when that is wanted. */
  pass(ms: number): this {
    for (const end = this.time + ms; this.time < end;) {
      this.time += gap
      const { suspects, canTrim } = this
      this.#state = stepNative(this.#state, {
        ...this.#reading,
        suspects,
        others: () => this.others,
        canTrim,
        isFresh: this.isFresh,
      })
      for (const { key, expected, bytes } of this.#state.returned)
        this.returned.push({ key, expected: expected / mib, bytes: bytes / mib })
      if (this.#state.check.kind !== 'wanted') continue
      this.#state = checkBegan(this.#state)
      this.trims++
      if (this.canTrim) this.kept = 0
      this.time += gap
      this.#state = checkEnded(this.#state, this.#reading)
    }
    return this
  }

  /** @param unsure what it may have taken since it was measured. @param held what its isolate held. */
  gone(key: string, unsure = 0, held = 0): void {
    this.#state = workerGone(this.#state, key, this.time, held * mib, unsure * mib)
    this.suspects = this.suspects.filter((suspect) => suspect.key !== key)
  }

  get counted(): number {
    return Math.round(this.#state.counted / mib)
  }

  share(key: string): NativeShare {
    const { certain = 0, alone = 0, doubtful = 0 } = this.#state.shares.get(key) ?? {}
    const round = (bytes: number): number => Math.round(bytes / mib)
    return { certain: round(certain), alone: round(alone), doubtful: round(doubtful) }
  }

  size(key: string): number {
    return Math.round(sizeOf(this.#state.shares.get(key)) / mib)
  }

  get lookIn(): number {
    return nativeLookIn(this.#state)
  }
}

/** Two components with native code, nobody at work. */
function open(): Process {
  const process = new Process()
  process.component('a')
  process.component('b')
  return process.pass(1_000)
}

describe('what counts as native memory', () => {
  test('is not what one isolate has freed while another took as much', () => {
    const process = open()
    process.held += 140
    process.pass(1_000)
    // Its pages are kept, and buffers of the next one are new.
    process.gone('a', 0, 140)
    process.pool = 140
    process.held += 150 - 140
    expect(process.pass(2_000).counted).toBe(0)
    process.pool = 0
    expect(process.pass(2_000).counted).toBe(0)
    process.native = 60
    expect(process.pass(2_000).counted).toBe(60)
  })

  test('is what no isolate explains, within 2 s', () => {
    const process = open()
    process.native = 300
    expect(process.pass(2_000).counted).toBe(300)
    process.native = 40
    expect(process.pass(500).counted).toBe(40)
    expect(process.pass(500).lookIn).toBe(Number.POSITIVE_INFINITY)
  })

  test('is there from the start, but for what the allocator keeps', () => {
    const process = new Process({ native: 100, kept: 50 })
    process.component('a', { worked: true })
    expect(process.pass(2_000).counted).toBe(100)
    expect(process.trims).toBe(1)
    // Whoever is at work by then, it was there before.
    expect(process.size('a')).toBe(0)
  })

  test('grows with what the allocator does not give back, and it is asked a few times only', () => {
    const process = open()
    for (let held = 0; held < 400; held += 4) {
      process.native = held
      process.pass(gap)
    }
    expect(process.pass(1_000).counted).toBe(396)
    expect(process.trims).toBeLessThan(12)
  })

  test('is not what an addon has freed and the allocator keeps', () => {
    const process = open()
    process.kept = 200
    expect(process.pass(2_000).counted).toBe(0)
    expect(process.trims).toBe(1)
  })

  test('is not what an addon takes and frees again and again, and that is looked into less and less', () => {
    const process = open()
    let most = 0
    for (let i = 0; i < 240; i++) {
      process.kept = i % 2 === 0 ? 200 : 190
      most = Math.max(most, process.pass(1_000).counted)
    }
    expect(most).toBeLessThan(20)
    expect(process.trims).toBeLessThan(20)
    process.native = 300
    expect(process.pass(2_000).counted).toBeGreaterThan(280)
  })

  test('is not what an isolate freed and the allocator keeps', () => {
    const process = open()
    process.held = 350
    process.pass(1_000)
    process.held = 50
    process.kept = 300
    expect(process.pass(60_000).counted).toBe(0)
  })

  test('nor what V8 keeps in its pool for a while', () => {
    const process = open()
    process.held = 350
    process.pass(1_000)
    process.held = 50
    process.pool = 300
    expect(process.pass(15_000).counted).toBe(0)
    // Another isolate uses some of it again.
    process.held = 150
    process.pool = 200
    expect(process.pass(1_000).counted).toBe(0)
    process.pool = 0
    expect(process.pass(20_000).counted).toBe(0)
  })

  test('nor what one that was ended as it grew had taken by then beyond its last figures, but no more than that', () => {
    const process = open()
    process.component('runaway', { worked: true, capable: false })
    process.component('next', { worked: true, capable: false })
    process.held += 60
    process.pass(1_000)
    process.gone('runaway', 60)
    process.held -= 60
    process.pool = 60 + 50
    expect(process.pass(1_000).counted).toBe(0)
    expect(process.size('next')).toBe(0)
    process.native += 40
    expect(process.pass(2_000).counted).toBe(40)
  })

  test('nor what is kept for good where the allocator cannot be asked', () => {
    const process = open()
    process.canTrim = false
    process.held = 350
    process.pass(1_000)
    process.held = 50
    process.kept = 300
    expect(process.pass(600_000).counted).toBe(0)
    process.native = 100
    expect(process.pass(1_000).counted).toBe(100)
  })

  test('nor what a component reports, or what is not resident', () => {
    const process = open()
    process.native = 300
    process.held += 300
    process.native = 0
    expect(process.pass(2_000).counted).toBe(0)
    process.held -= 300
    expect(process.pass(2_000).counted).toBe(0)
  })

  test('is not looked at while what isolates hold is older than what the process has', () => {
    const process = open()
    process.isFresh = false
    process.native = 200
    expect(process.pass(2_000).counted).toBe(0)
    process.isFresh = true
    expect(process.pass(2_000).counted).toBe(200)
  })

  test('is not moved by figures that were not taken at one moment', () => {
    const process = open()
    process.native = 100
    process.pass(2_000)
    for (let i = 0; i < 200; i++) {
      process.held = 50 + (i % 2) * 30
      process.pool = ((i + 1) % 2) * 2
      process.pass(gap)
    }
    expect(Math.abs(process.counted - 100)).toBeLessThan(4)
  })
})

describe('whose it is', () => {
  test('certainly, of one that was at work alone', () => {
    const process = open()
    process.work('a')
    process.native = 200
    process.pass(2_000)
    expect(process.share('a')).toEqual({ certain: 200, alone: 0, doubtful: 0 })
    // What native code does goes on for a moment after the call that began it.
    process.work('b')
    process.pass(2_000)
    process.native = 300
    process.pass(1_000)
    expect(process.share('b')).toEqual({ certain: 100, alone: 0, doubtful: 0 })
    expect(process.share('a').certain).toBe(200)
  })

  test('with doubt, of those who were at work together', () => {
    const process = open()
    process.work('a', 'b')
    process.native = 200
    process.pass(2_000)
    expect(process.share('a')).toEqual({ certain: 0, alone: 0, doubtful: 100 })
    expect(process.share('b')).toEqual({ certain: 0, alone: 0, doubtful: 100 })
  })

  test('with doubt, as long as one that was at work a moment ago may go on by itself', () => {
    const process = open()
    process.work('a')
    process.pass(1_000)
    process.work('b')
    process.pass(750)
    process.native = 200
    process.pass(1_000)
    expect(process.share('b')).toEqual({ certain: 0, alone: 0, doubtful: 200 })
    expect(process.size('a')).toBe(0)
  })

  test('of the one with native code, whoever else was at work', () => {
    const process = open()
    process.component('plain', { capable: false })
    process.work('a', 'plain')
    process.native = 200
    process.pass(2_000)
    expect(process.share('a').certain).toBe(200)
    expect(process.size('plain')).toBe(0)
  })

  test('of one without, not for certain, until it is known to have it', () => {
    const process = new Process()
    process.component('plain', { capable: false, worked: true })
    process.pass(1_000)
    process.native = 200
    process.pass(2_000)
    expect(process.share('plain')).toEqual({ certain: 0, alone: 200, doubtful: 0 })
    process.suspects = process.suspects.map((suspect) => ({ ...suspect, capable: true }))
    process.pass(gap)
    expect(process.share('plain').certain).toBe(200)
  })

  test('with doubt, where the main thread may have taken it, unless an unload has given some back before', () => {
    const process = open()
    process.others = true
    process.work('a')
    process.native = 200
    process.pass(2_000)
    expect(process.share('a')).toEqual({ certain: 0, alone: 0, doubtful: 200 })
    process.suspects = process.suspects.map((suspect) => ({ ...suspect, proven: true }))
    process.native = 300
    process.pass(2_000)
    expect(process.share('a')).toEqual({ certain: 100, alone: 0, doubtful: 200 })
  })

  test("nobody's, when nobody was at work", () => {
    const process = open()
    process.native = 200
    process.pass(2_000)
    expect(process.counted).toBe(200)
    expect(process.size('a') + process.size('b')).toBe(0)
  })

  test('given back by those at work, what is doubtful first', () => {
    const process = open()
    process.work('a')
    process.native = 200
    process.pass(2_000)
    process.work('a', 'b')
    process.native = 300
    process.pass(2_000)
    process.work('a')
    process.pass(1_000)
    process.native = 270
    process.pass(2_000)
    expect(process.share('a')).toEqual({ certain: 200, alone: 0, doubtful: 20 })
    expect(process.size('b')).toBe(50)
    process.native = 0
    process.pass(2_000)
    expect(process.size('a') + process.size('b')).toBe(0)
  })
})

describe('an unload', () => {
  /** `a` has taken so much (MiB). */
  function holding(native: number): Process {
    const process = open()
    process.work('a')
    process.native = native
    process.pass(2_000)
    process.work()
    return process
  }

  test('frees what the component had, and that is learned', () => {
    const process = holding(200)
    process.gone('a')
    expect(process.counted).toBe(0)
    process.native = 0
    process.pass(1_000)
    expect(process.returned).toEqual([{ key: 'a', expected: 200, bytes: 200 }])
    expect(process.pass(60_000).counted).toBe(0)
  })

  test('counts as nothing while the allocator still has it', () => {
    const process = holding(200)
    process.gone('a')
    process.native = 0
    process.kept = 200
    expect(process.pass(5_000).counted).toBe(0)
    process.kept = 0
    expect(process.pass(20_000).counted).toBe(0)
    expect(process.returned).toEqual([{ key: 'a', expected: 200, bytes: 200 }])
  })

  test('counts again as what it does not give back in time', () => {
    const process = holding(200)
    process.gone('a')
    process.native = 150
    expect(process.pass(5_000).counted).toBe(0)
    expect(process.pass(20_000).counted).toBe(150)
    expect(process.returned).toEqual([{ key: 'a', expected: 200, bytes: 50 }])
    expect(process.size('b')).toBe(0)
  })

  test('shows who had it of those who shared a doubt', () => {
    const process = open()
    process.work('a', 'b')
    process.native = 200
    process.pass(2_000)
    process.work()
    process.gone('a')
    process.native = 180
    process.pass(20_000)
    expect(process.counted).toBe(180)
    expect(process.share('b').doubtful).toBe(180)
  })
})

describe('the memory of a heap snapshot', () => {
  test("is nobody's, and what comes back was no component's", () => {
    const process = open()
    process.work('a')
    process.native = 40
    process.pass(2_000)
    expect(process.size('a')).toBe(40)
    process.component(snapshotWriter)
    process.work('a', 'b', snapshotWriter)
    process.native = 340
    process.pass(2_000)
    expect([process.counted, process.size('a'), process.size('b'), process.size(snapshotWriter)]).toEqual([
      340, 40, 0, 300,
    ])
    process.native = 40
    process.pass(2_000)
    expect([process.counted, process.size('a'), process.size('b'), process.size(snapshotWriter)]).toEqual([
      40, 40, 0, 0,
    ])
  })
})
