/**
 * Every number by which memory is decided, once. What users may set is an option instead (options.ts). Each says its unit, what it trades, and where it
 * comes from: a contract, a measurement with its command, or "guessed". `npm run bench:tuning` halves and doubles each in turn in the simulator and
 * prints what that changes.
 */

const mib = 1024 ** 2

// Measure

/** ms: the shortest time between two looks at what runs, and how long a sample waits for answers. Shorter sees a burst sooner and costs more. Contract: docs/memory.md, 1. */
export const SHORTEST_LOOK = 25
/** ms: the longest time between two looks while anything is loaded; figures this old are not decided by where memory is tight. Longer is cheaper and blinder. Guessed. */
export const LONGEST_LOOK = 100
/**
 * ms for each look at a worker that is far from all limits, and for each question that only serves to have true figures. Shorter sees more and costs more: a look takes some 10 us of
 * processor time where there are hundreds and no cache holds them all, a question 60 (docs/facts.md): 1 and 0.5% of one processor at most, however many there are.
 */
export const PACE = { look: 1, question: 12 } as const
/** Bytes/ms that a worker can take at most: Buffers that are filled, 1.2 GB/s (docs/facts.md). */
export const FASTEST_GROWTH = 1.2e6
/** ms of work since it was last asked after which a worker is asked again: a heap can hardly have grown in less. Guessed. */
export const WORTH_ASKING = 1
/** ms a worker has to answer a question about its memory, or a request to drop what it can; after that it is late. The slowest answers seen of one that works are some 100 ms. Guessed. */
export const ANSWER_TIME = 250
/** Samples before a threshold is reached at the measured growth. More see it sooner and cost more. Contract: docs/memory.md, 1. */
export const SAMPLES_AHEAD = 4
/** ms in which a component would fill its whole limit from nothing if it grows fast. Contract: docs/memory.md, 1; guessed. */
export const FAST_FILL_TIME = 10_000
/** Measurements of which growth is told: five slopes, so two odd ones in a row do not move their median. More are surer and later. Those closer than half of SHORTEST_LOOK replace each other: a component allocates in steps. */
export const KEPT_SAMPLES = 6
/** Share of the limit that is worth notice: a change of usage that asks for a sample, growth of that much during a load, what somebody is held to have taken. Guessed. */
export const NOTICEABLE = 1 / 64

// Pressure

/**
 * ms at or above mediumThreshold before the level is medium. Longer spares a peak that passes, and unloads later. Contract: docs/memory.md, 3. Also the time between two looks while all rest, since nothing else is done at once either, and
 * between two requests to trim at the same level: more often asks for what was just dropped. Guessed.
 */
export const MEDIUM_DWELL = 5_000
/** ms clear of a threshold before its level is left. Longer flutters less. Contract: docs/memory.md, 3. */
export const CLEAR_DWELL = 30_000
/** Share of the limit below a threshold from which on usage is clear of it; an unload goes on until then. Contract: docs/memory.md, 3. */
export const CLEAR_MARGIN = 0.05

/**
 * ms that something must have been in use without a break before it is told that nothing could go. Shorter tells of what is over in a moment: with 0 nine of ten that were told of had one of those who stayed unloaded within 5 s
 * (`test/simulation`), with these one of five at most; longer tells late. At critical somebody may be ended next; below, there is time.
 */
export const LONG_USE = { medium: 30_000, high: 30_000, critical: 5_000 } as const

// Who goes

/** Priority at or below which a component goes at critical pressure only. Contract: docs/memory.md, 3. */
export const PROTECTED_PRIORITY = 10
/** Components that a plan takes at most at medium and at high. Contract: docs/memory.md, 3 and 4. */
export const ROUND_CAP = { medium: 2, high: 5 } as const
/** Share of minIdleTime that counts at high. Contract: docs/memory.md, 3 and 4. */
export const HIGH_IDLE_SHARE = 1 / 5
/** ms after which it is tried again where things end unannounced: idle floors, residencies, what a load may still fill, V8's page pool. Shorter costs a plan each time. Guessed. */
export const RETRY = 1_000

// The price of what is idle. `npm run bench:policy` for all: how much more is loaded again with half and double.

/**
 * Share of what the median idle byte is worth that something may be worth at most to go before anybody needs its room. Larger makes more headroom and loads
 * more: on a day of real calls under a limit of 50 and 70% of everything, 0.01 at medium loads 4 and 29% more
 * than no rounds at all, 0.001 nothing. At high memory is short, and the lower half may go.
 */
export const WORTH_GIVING_UP = { medium: 0.001, high: 1 } as const
/** Weight of a gap between calls relative to the next, for the rate that follows a change: 5 gaps count. With 2.5 or 10 up to 2% more, without this rate up to 8%. */
export const RECENT_DECAY = 0.8
/** The same for the rate that is sure of itself: 50 gaps count. With 25 up to 3% more, with 100 hardly any. */
export const LONG_TERM_DECAY = 0.98
/** The same for the histogram of gaps, which sees timers and bursts: 200 count. With 100 or 400 up to 3% more. */
export const GAP_DECAY = 0.995
/** The same for how well each of the three has predicted gaps: 20 count. With 10 or 40 up to 2% more. */
export const SCORE_DECAY = 0.95
/** Gaps: so many must speak for a time to keep before it is believed half as much as the whole distribution. With 1 up to 1%, with 4 up to 5% more. */
export const DOUBT = 2
/** Times to keep that are tried for calls at random, in mean gaps; fewer are cheaper. With [1] up to 2% more (bursts). */
export const TRIED_MEANS = [0.25, 1, 4] as const
/** Gaps: a bin of which less is left is forgotten. Only time depends on it. */
export const NEGLIGIBLE_GAPS = 0.01
/**
 * ms: shorter and longer gaps count as these. A clock's resolution says nothing about calls; a second as the shortest loses sight of bursts: 2% more. The longest, some four years, is a power of 2, as each bin of
 * the histogram spans a factor of 2 (of 1.4: 1 to 3% more; of 4: up to 2%).
 */
export const GAP = { shortest: 1, longest: 2 ** 37 } as const

// Residency

/** ms: a reload this soon after an unload was a mistake, and is followed by that much residency, doubling each time. Contract: docs/memory.md, 3 and 4. */
export const RAPID_RELOAD = 60_000
/** ms: the longest residency, and the time without a rapid reload after which a doubling is forgotten. Contract: docs/memory.md, 3 and 4. */
export const LONGEST_RESIDENCY = 900_000
/** Rapid reloads within a minute that are thrashing. Only a warning depends on it. Guessed. */
export const THRASHING_RELOADS = 3

// Admission

/** Bytes to expect of a component of which nothing is known: a worker with a small module takes 12 to 16 MB (docs/facts.md). */
export const SMALL_COMPONENT = 16 * mib
/** Peaks of the last generations that are remembered: enough to forget an odd one in time. Guessed. */
export const REMEMBERED_PEAKS = 4
/** ms at most that a load respects the residency of others, or waits to see what loads of unknown size come to. `npm run bench:limit`, two that take turns: one load in that time. */
export const LOAD_PATIENCE = 15_000
/** Share of what is loaded that a load may replace within its residency without waiting. 1 thrashes where two fit one at a time (`npm run bench:limit`), 0 waits for everybody. */
export const RESIDENCY_SHARE = 2 / 3

// Overrun

/** Share by which a component may pass its own limit before it is ended without being asked. More lets more be lost, less ends those who only have garbage. `npm run bench:containment`. */
export const OWN_MARGIN = 0.5
/** The same for the total limit. Contract (110% with one that takes 300 MB/s); `npm run bench:limit`. */
export const TOTAL_MARGIN = 0.1
/** ms that the total limit may be passed by who has collected his garbage, less the nearer it comes to the margin. Others may become idle meanwhile. Guessed. */
export const OVERRUN_PATIENCE = 5_000
/** ms to collect garbage in: a full collection of 500 MB of objects takes some 300. It is also how far ahead growth counts. */
export const COLLECT_TIME = 500
/** ms from a decision until a worker allocates no more: it is told, and unwinds. 5 to 80 in most patterns (`npm run bench:containment`). An unload is taken to need as long until one was measured. */
export const END_TIME = 100

// Giving back

/**
 * ms in which V8 gives back the pages of isolates that have ended by itself if it is looking: every 8 s on Node 26 where a collection of the last 12 s made it look, 8 s after the end on
 * Node 24. After twice this, what isolates have freed is no longer waited for, and a drain of the pool (src/memory/act/pool-drain.ts) is given up; after this, a trim of the allocator. Guessed.
 */
export const POOL_DELAY = 8_500
/** Bytes: less is not worth a thread or a collection to give back. Guessed. */
export const WORTHWHILE = 8 * mib
/** ms after a heap snapshot was written in which its memory may not be back yet: as long as all that V8 and the allocator keep takes. Longer leaves native growth nobody's for as long. */
export const SNAPSHOT_AFTERMATH = 2 * POOL_DELAY

// Leaks: what is retained after garbage was collected, and goes on growing. Only what is said depends on it, and what collections that takes.

/** Share of the growth that has to be retained to matter (see `matters` in decide/leak.ts) by which two measurements after collections differ if something has grown: what is left of a component that does the same again and again differs by less than 1 MiB. Smaller is sooner sure, and of less. `npm run bench:culprit`. */
export const LEAK_STEP = 1 / 4
/** Measurements after collections, each larger than all before, that are a leak. Fewer are sooner and take any burst for one. Guessed. */
export const LEAK_PROOFS = 3
/** ms from the first of these measurements to the last: a working set that is read in is mostly complete by then. Where memory is short nobody waits for that. Guessed. */
export const LEAK_LASTS = 15_000
/** ms: what fills its limit later than that, at the pace it is growing, is named only once memory is short; nor is anybody suspected for longer without growing. Guessed: somebody who reads of it can still act. */
export const LEAK_HORIZON = 3_600_000
/** ms between two collections of one that is suspected: at most the first, and less for one that would fill its limit before LEAK_AHEAD of them are over, but at least the second; of one that is named, at least the third. */
export const LEAK_PACE = { suspect: 5_000, shortest: 500, named: 20_000 } as const
/** Collections that one that is suspected is to see before it would fill its limit. Guessed. */
export const LEAK_AHEAD = 8
/** ms between two collections at most, of one that was collected in vain again and again: each time twice as long. Guessed. */
export const LEAK_IN_VAIN = 300_000
/** Measurements after collections that are remembered: the pace is that of the last ones. Guessed. */
export const LEAK_POINTS = 8
/** Share of a component's time that is spent on collections to prove something, at most; and where memory is short. 500 MB of objects take some 300 ms. Guessed. */
export const LEAK_PRICE = { usual: 1 / 20, short: 1 / 4 } as const
/** How many times the garbage that was found when somebody was last cleared it takes to suspect him again. Less asks in vain where garbage comes in waves. Guessed. */
export const LEAK_TOLERANCE = 1.1
/** ms without growth that was retained after which one that was named is named no longer if even its garbage comes to nothing; more, so many times its longest step so far, where it grew slowly. Longer blames a cache that is full for as long. Guessed. */
export const LEAK_STOPPED = { least: 15_000, steps: 1.5 } as const
/** ms without growth that was retained after which a suspect is cleared; more where it grew slowly. Longer clears slow steps less soon. Guessed. */
export const LEAK_QUIET = 60_000
/** The same in its longest steps so far, where that is more. Guessed. */
export const LEAK_QUIET_STEPS = 3
/** ms for which it is remembered what was retained without leaking: a store that is filled and emptied again and again does not leak. Longer is later where little is held of late. Guessed. */
export const LEAK_MEMORY = 600_000
/** ms that one who was cleared is left alone. Guessed. */
export const LEAK_REST = 15_000
/** ms for which a component that leaked and whose worker is gone stays named: somebody has to look for it first. Guessed. */
export const LEAK_REMEMBERED = 600_000
/** ms to collect garbage in for a proof: the answer of one that is busy comes when its event loop turns. */
export const LEAK_PATIENCE = 10_000
