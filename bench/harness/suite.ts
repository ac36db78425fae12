/**
 * What a suite of `npm run bench` is. To add one: a file `bench/suites/<id>.ts` with a `Suite` as its default export; nothing else names it. It must
 * be cheap to import and without effect: the runner and each contender's process import it, and only `measure` may import what is measured.
 */
export interface Suite {
  readonly title: string
  readonly cases: readonly Case[]
}

/** One thing that all contenders do, and what is read off it: a table of the report. */
export interface Case {
  readonly id: string
  readonly title: string
  /** What each round of each contender answers, in this order. */
  readonly figures: readonly Figure[]
  /** In the order of the report; each in a process of its own, and they take turns within a round. */
  readonly contenders: readonly Contender[]
  /** Name of the contender whose figures all others are multiples of: the least there is, mostly. '' where multiples mean nothing. */
  readonly base: string
  readonly targets?: readonly Target[]
  readonly rounds: number
  /** Rounds with --quick; a third of `rounds` when not given, 0 leaves the case out. */
  readonly quickRounds?: number
  /** A new process for each round, for what happens once in a process. Otherwise all contenders are prepared first, and stay. */
  readonly fresh?: boolean
  /** ms for getting ready and for a round; 60,000 when not given. A contender that passes it is out. */
  readonly deadline?: number
}

export interface Figure {
  readonly id: string
  readonly title: string
  /** 'µs', 'MB', '1,000/s'; '' for a mere number. */
  readonly unit: string
  readonly better: 'less' | 'more'
}

export type Contender =
  | {
      readonly name: string
      /** Called once in the contender's process; prepares, warms up, and returns what is called for each round. Whatever is left open goes with the process. */
      readonly measure: (setup: Setup) => Promise<Round>
      /** Flags of Node for its process. */
      readonly execArgv?: readonly string[]
    }
  /** Listed, with the reason why it has no figures. */
  | { readonly name: string; readonly cannot: string }

export interface Setup {
  /** ms for each thing that is repeated. */
  readonly time: number
  /** --quick: smaller numbers of what is counted, where they make a round long. */
  readonly quick: boolean
}

/** A value for each figure, in their order. */
export type Round = () => Promise<readonly Value[]>

/** A text where there is no number: why not, or what is to be read there instead. */
export type Value = number | string

/** `most` or `least` of a figure of `of`, as it is or as a multiple. */
export interface Target {
  readonly figure: string
  /** Contender; 'spillway' when not given. */
  readonly of?: string
  /** The figure divided by that of this contender, or of the 'best' of all others; the figure itself when not given. */
  readonly against?: string
  readonly most?: number
  readonly least?: number
  /** Not judged with --quick: what quick measures instead is something else. */
  readonly fullOnly?: boolean
}
