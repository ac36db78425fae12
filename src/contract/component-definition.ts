import type { ResourceLimits } from 'node:worker_threads'
import type { Size } from './size.ts'

/** What `registerComponent` takes. */
export interface ComponentDefinition<Config = unknown> {
  /** Unique; 1 to 200 characters, well-formed, without control characters. */
  readonly name: string
  /** What it is, for people and dashboards. Default 'component'. */
  readonly type?: string
  /**
   * URL of the component's module; a package specifier, resolved as `import` does in a file of the working directory; or a path, relative to the
   * working directory.
   */
  readonly module: URL | string
  /**
   * Which export is the component: a `defineComponent` result, a class (constructed with config and context), a factory function, or
   * a plain object of functions; '*' is the module itself. Default 'default'.
   */
  readonly export?: string
  /** Given to the initialiser; cloned now, and again for each load. */
  readonly config?: Config
  /** Names of components that are loaded first and that this one may call. */
  readonly dependencies?: readonly string[]
  /**
   * Names of components that this one may call, and can do without: each is loaded by the first call of it, which rejects if that is impossible or
   * there is none of that name. In all else they are `dependencies`.
   */
  readonly optionalDependencies?: readonly string[]
  /** Expected size in bytes, used until one was measured. Default 0: learn it. */
  readonly memoryEstimate?: Size
  /** 0 to 100; LOWER is more important. Default 50. */
  readonly priority?: number
  /** ms to load, from when there is room in memory for it; as long at most it waits for that room before. Default 30,000. */
  readonly timeout?: number
  /** ms for each call. Default none. */
  readonly callTimeout?: number
  /**
   * ms for which the event loop of its worker may not turn while a call is under way; then the worker is ended, reason 'stuck'. A long synchronous
   * computation, a native synchronous call (SQLite, execSync) and a long garbage collection count as not turning. Default none: long
   * synchronous work is left alone, unless the deadline of a call that has begun passes and it does not hear of it within another 1,000 ms.
   */
  readonly watchdog?: number
  /** Calls under way and waiting, per caller; more reject with OverloadedError. Default 10,000. */
  readonly maxQueue?: number
  /**
   * Methods, nested ones joined with dots (`'orders.get'`), whose calls are sent again, once, when their worker crashed before it had answered: they
   * wait for the next generation, and their abort and deadline still hold. Only for methods that may run twice, or side by side with a run that is
   * still going on in a thread that was given up. Their arguments are kept until they are settled; a call whose arguments moved (`transfer`)
   * or are called back (`proxy`), one with `ifLoaded`, and a stream that was opened are not sent again; nor is anything after an unload or a
   * shutdown whose deadline passed. A load fails when the component offers no method of that name. Default none.
   */
  readonly idempotent?: readonly string[]
  /**
   * How many copies of the component may share its calls, each in a worker of its own. A call goes to the copy with the fewest under way; another copy
   * is loaded when all have `concurrency` calls under way. Not in a family, nor with `hibernate`. Default 1.
   */
  readonly instances?: number | InstancesOptions
  /**
   * When its generation is replaced by a new one: after so many calls, at that age, or when it holds so much memory. A lease keeps the old one. Default:
   * never.
   */
  readonly recycle?: RecycleOptions
  /** V8's own limits. Default: at least 4 times `memoryLimit` of old generation, as a backstop. */
  readonly resourceLimits?: ResourceLimits
  /** Bytes of heap and external memory above which the worker is ended. Default: the total limit. */
  readonly memoryLimit?: Size
  /** ms it must have been idle before it may be unloaded automatically; overrides the memory manager's. */
  readonly minIdleTime?: number
  /**
   * ms without use after which it is unloaded, whatever the pressure, also with `autoUnloadEnabled` false; not while something loaded depends on it, nor
   * when it is `pinned`. Default none.
   */
  readonly idleTimeout?: number
  /** Never unloaded automatically. Default false. */
  readonly pinned?: boolean
  /** ms for its dispose hook. Default 5,000. */
  readonly disposeTimeout?: number
  readonly restart?: RestartOptions
  /**
   * Where what its `snapshot()` returns is kept between an unload and the next load. Of a `defineComponent` result a `snapshot` without
   * parameters is that hook in any case; a method of that name of a class, factory or object is one only where this is given.
   */
  readonly hibernate?: HibernateOptions
  /**
   * What it is isolated by. 'thread': a worker thread. 'process': a child process of its own, so that a crash of native code, native memory and whatever is
   * denied to it are its own; a call takes longer, and values are copied by V8's serializer. 'auto': a thread; a process from the second load on where it
   * has loaded a native addon that is known not to bear a second load in a thread, or that a thread is ended while it works. Default 'auto'.
   */
  readonly isolation?: 'auto' | 'thread' | 'process'
  /** The worker's environment, or the names of those variables of this process's that it gets. Default: a copy of this process's. */
  readonly env?: NodeJS.ProcessEnv | readonly string[]
  /** The worker's process.argv beyond the first two. */
  readonly argv?: readonly string[]
  /**
   * Node options of the worker; process-wide V8 flags are not possible in a thread. In a process they may deny it files, the network and more
   * (`--permission`): what it runs on it may read in any case. Default: this process's.
   */
  readonly execArgv?: readonly string[]
  /** Its working directory. Only with `isolation: 'process'`. Default: this process's. */
  readonly cwd?: string
  /** The user it runs as, by number, where this process may set that. Only with `isolation: 'process'`. Default: this process's. */
  readonly uid?: number
  /** The group it runs as, by number. Only with `isolation: 'process'`. Default: this process's. */
  readonly gid?: number
}

/** How many copies of a component there are. */
export interface InstancesOptions {
  /** Copies that are loaded together on first use, and that `idleTimeout` leaves loaded. Default: one is loaded, and none has to stay. */
  readonly min?: number
  /** Most copies at a time. */
  readonly max: number
  /**
   * Calls that each caller (this thread, or another component) has under way in one copy at most, open streams included; further ones wait, and go to
   * whichever copy is free first. Default 1, or with `max` 1: any number.
   */
  readonly concurrency?: number
}

/** When a generation is replaced. */
export interface RecycleOptions {
  /** Calls that a generation is sent at most, from wherever they come; never one more. Default: any number. */
  readonly calls?: number
  /** ms since it became ready. Default: any. */
  readonly age?: number
  /** Size from which on it is replaced, once it has been called: of all it holds, as it is sampled. Default: any. */
  readonly memory?: Size
  /**
   * The new generation is ready before the old one drains. False: the old one goes first, and calls wait; so it is in any case where the state
   * hibernates, or where there is no room for both. Default true.
   */
  readonly overlap?: boolean
}

/** How a component that keeps dying is restarted. */
export interface RestartOptions {
  /** Failures within `period` that are answered with an immediate new load; one more and the component backs off. Default 5. */
  readonly intensity?: number
  /** ms. Default 60,000. */
  readonly period?: number
  /** ms of the first back-off, doubled each time up to 60,000. Default 1,000. */
  readonly backoff?: number
}

/** Where the state of an unloaded component is kept. */
export interface HibernateOptions {
  /** Bytes up to which it stays in memory. Default 1 MiB. */
  readonly maxMemory?: Size
  /** Bytes that are refused: the component then stays loaded. Default 256 MiB. */
  readonly maxSize?: Size
  /**
   * Folder for larger ones, made when needed; processes may share it. Default: one of this process's own among the system's temporary files, gone
   * after the shutdown. What could not be used any more is set aside in it, as `*.corrupt` or `*.rejected`: the newest 10, for a week.
   */
  readonly directory?: string
  /**
   * ms until it is kept: for `snapshot()` and for writing what it returned, together; the component stays loaded when they take longer. So
   * long, and half of the load's `timeout` at most, is also waited for the disk when it is loaded again; it then starts without. Default 5,000.
   */
  readonly timeout?: number
}
