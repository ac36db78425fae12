import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import type { GenerationEnd } from '../../channel/generation-end.ts'
import type { Channels, Movable } from '../../channel/transport.ts'
import type { CrashReason } from '../../contract/errors.ts'
import { messageOf } from '../../contract/describe-value.ts'
import { decodeError } from '../../channel/error-codec.ts'
import { readProcessMemory } from '../../base/proc-files.ts'
import { processStat } from '../../base/process-stat.ts'
import { withDeadline } from '../../base/deadline.ts'
import { ProcessLink } from '../../transport/process/link.ts'
import { passOnAll } from '../../transport/process/port-relay.ts'
import { threadChannels } from '../../transport/thread.ts'
import type { ComponentHost, EndDetails } from '../component-host.ts'
import { ControlInbox } from '../control-inbox.ts'
import type { FromWorkerMessage, ToWorkerMessage } from '../control.ts'
import { environmentChange } from '../environment-change.ts'
import type { EnvironmentChange } from '../environment-change.ts'
import { needsNewProcess, workerEnvironment } from '../worker-environment.ts'
import type { WorkerOptions } from '../worker-host.ts'
import { wholeMemory } from '../worker-memory.ts'
import { entryFile } from '../packaged.ts'
import type { WorkerMemory } from '../worker-memory.ts'
import { ActivityFile } from './activity-file.ts'
import { expectDescriptors } from './descriptors.ts'
import { orphanWatch } from './orphan-watch.ts'
import { inheritedFlags, limitFlags, permissionFlags } from './process-flags.ts'
import { setTimeout, setImmediate } from '../../base/timers.ts'

/** ms that a process which was asked to end has to do so by itself; then it is killed. Guessed: its dispose hook has had its time before. */
const politeness = 500
/** ms in which the end of a process and that of its channel are both known, when one of them is. Guessed: they come within a few ms. */
const together = 200
/** Node's own variables by which a parent and its child know each other: this process's would be taken for the child's. */
const parental = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID']

/** What a process is started with besides what a thread can be. */
export interface ProcessOptions extends WorkerOptions {
  /** Default: this process's. */
  readonly cwd?: string | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** URL of the component's module, which it may read whatever it is denied. */
  readonly module?: string | undefined
}

/**
 * One child process, of a process group of its own. Its channel is a descriptor that it inherits, so it needs neither a file nor a network; its memory is
 * read from outside. When this process dies it goes too, however busy it is.
 */
export class ProcessHost implements ComponentHost {
  readonly isolation = 'process'
  readonly activity: ComponentHost['activity'] & Pick<ActivityFile, 'close' | 'fd'>
  readonly #options: ProcessOptions
  /** What it was started with. */
  readonly #environment: Readonly<NodeJS.ProcessEnv>
  readonly #surroundings = surroundings()
  readonly #child: ChildProcess
  readonly #link: ProcessLink | undefined
  readonly #exit = Promise.withResolvers<void>()
  readonly #end = Promise.withResolvers<GenerationEnd>()
  readonly #online = Promise.withResolvers<void>()
  #onMessage: (message: FromWorkerMessage) => void = () => {}
  #onCopied: () => void = () => {}
  #reason: GenerationEnd | undefined
  /** What it said of its end before it came. */
  #lastWord: { readonly error: unknown } | undefined
  #state: 'running' | 'gone' = 'running'

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#environment = childEnvironment(options.env)
    const file = new ActivityFile()
    this.activity = { shared: undefined, fd: file.fd, read: () => file.read(), close: () => file.close() }
    try {
      this.#child = this.#spawn()
    } catch (error) {
      file.close()
      throw error
    }
    const channel = (this.#child.stdio as ChildProcess['stdio'] | undefined)?.[3]
    this.#link = channel instanceof Socket ? new ProcessLink(channel, { onCopied: () => this.#onCopied() }) : undefined
    this.#link?.control.receive(new ControlInbox((message) => this.#take(message)))
    if (this.#child.pid !== undefined) orphanWatch.add(this.#child.pid)
    this.#watchForEnd()
    this.#child.unref()
  }

  /** @throws what makes it impossible from the first. */
  #spawn(): ChildProcess {
    expectDescriptors()
    const { execArgv, argv = [], resourceLimits, cwd, uid, gid, module } = this.#options
    const given = [...(execArgv ?? inheritedFlags(process.execArgv))]
    const flags = [...given, ...limitFlags(resourceLimits), ...permissionFlags(given, module)]
    return spawn(process.execPath, [...flags, entryFile('process-bootstrap'), ...argv], {
      env: this.#environment,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', this.activity.fd],
      // A group of its own, which its own children belong to, and which a terminal's signals do not reach.
      detached: true,
      windowsHide: true,
      ...(cwd !== undefined && { cwd }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get id(): number {
    return this.pid
  }

  get channels(): Channels {
    return this.#link?.channels ?? threadChannels
  }

  get alive(): boolean {
    return this.#state === 'running'
  }

  get ended(): Promise<GenerationEnd> {
    return this.#end.promise
  }

  get online(): Promise<void> {
    return this.#online.promise
  }

  /** All of it is measured from outside. */
  told(): undefined {}

  /** How long it has worked is what it has used of a processor. */
  activeTime(): number {
    return this.#readable(processStat)?.processorTime ?? this.activity.read().worked
  }

  async processorTime(): Promise<number> {
    if (!this.alive) throw new Error('The process is gone')
    return this.activeTime() * 1_000
  }

  async memory(): Promise<WorkerMemory> {
    if (!this.alive) throw new Error('The process is gone')
    const bytes = this.#readable(readProcessMemory)?.anonymous ?? this.activity.read().resident
    // Only starting: it has not said anything yet.
    if (bytes === 0) throw new Error('The process has not said what it holds')
    return wholeMemory(bytes)
  }

  /** What it holds is read from outside. Else it says so itself, as far as it gets to. */
  get isMeasured(): boolean {
    return this.#readable(readProcessMemory) !== undefined
  }

  #readable<T>(read: (pid: number) => T | undefined): T | undefined {
    return this.alive && this.pid > 0 ? read(this.pid) : undefined
  }

  environmentChange(): EnvironmentChange {
    if (this.#options.env) return {}
    return environmentChange(this.#environment, childEnvironment())
  }

  /** Its folder and its user stay what they were when it was started, where a thread has those of this process. */
  isCurrent(): boolean {
    return !needsNewProcess(this.environmentChange()) && this.#surroundings === surroundings()
  }

  onMessage(listener: (message: FromWorkerMessage) => void): void {
    this.#onMessage = listener
  }

  /** Told each time that something which was to be transferred went as a copy. */
  onCopied(listener: () => void): void {
    this.#onCopied = listener
  }

  post(message: ToWorkerMessage, moved?: readonly Movable[]): void {
    // Its last answers come first.
    if (message.type === 'dependency-ended') passOnAll()
    const told = message.type === 'init' ? { ...message, measuresItself: !this.isMeasured } : message
    // That a snapshot is copied is no news to whoever wrote the component.
    const ends = moved?.filter((each) => !(each instanceof ArrayBuffer))
    this.#link?.control.post(told, ends)
  }

  async terminate(deadline: number, reason: CrashReason = 'terminated', more?: EndDetails): Promise<boolean> {
    this.#reason ??= { reason, ...more }
    if (!this.alive) return true
    // One that is ended for what it did is not asked.
    if (reason !== 'terminated' || deadline === 0) {
      this.#signal('SIGKILL')
      return this.exited(deadline)
    }
    this.#signal('SIGTERM')
    const patience = Math.min(politeness, deadline / 2)
    if (await this.exited(patience)) return true
    this.#signal('SIGKILL')
    return this.exited(deadline - patience)
  }

  async exited(deadline: number): Promise<boolean> {
    if (!this.alive) return true
    return (
      (await withDeadline(
        this.#exit.promise.then(() => true),
        deadline,
      )) !== undefined
    )
  }

  onExit(listener: () => void): void {
    void this.#exit.promise.then(listener)
  }

  /** It and whatever it has started. */
  #signal(signal: NodeJS.Signals): void {
    if (this.pid === 0) return
    try {
      process.kill(-this.pid, signal)
    } catch {
      // Nobody is left in its group; or there are no groups, on Windows.
      if (this.alive) this.#child.kill(signal)
    }
  }

  #watchForEnd(): void {
    const child = this.#child
    const link = this.#link
    let exit: GenerationEnd | undefined
    let isCut = link === undefined
    const end = (how: GenerationEnd): void => {
      this.#online.resolve()
      this.#end.resolve(this.#reason ?? how)
    }
    const gone = (how: GenerationEnd): void => {
      exit = how
      this.#state = 'gone'
      if (child.pid !== undefined) {
        orphanWatch.delete(child.pid)
        // What it has started goes with it.
        this.#signal('SIGKILL')
      }
      this.activity.close()
      // What it said last may still be on its way: its answers are not lost.
      if (isCut) end(this.#withLastWord(how))
      else inTime(() => link?.close())
      this.#exit.resolve()
    }
    child.once('error', (cause) => {
      if (child.pid === undefined) gone({ reason: 'error', cause: this.#whyNotStarted(cause) })
    })
    child.once('exit', (code, signal) => gone(endOf(code, signal)))
    link?.onClose((cause) => {
      isCut = true
      if (exit) end(this.#withLastWord(exit))
      else this.#cutOff(cause, end)
    })
  }

  /** Its channel is closed and it is not gone: it will be in a moment, or it is of no use any more. */
  #cutOff(cause: Error | undefined, end: (how: GenerationEnd) => void): void {
    let isOver = false
    inTime(() => {
      if (isOver) return
      const error = new Error(`The channel to its process was closed${cause ? `: ${messageOf(cause)}` : ''}`)
      end({ reason: 'error', cause: error })
      this.#signal('SIGKILL')
    })
    void this.#exit.promise.then(() => {
      isOver = true
      end(this.#withLastWord(endOf(this.#child.exitCode, this.#child.signalCode)))
    })
  }

  /** Node names the program where it is the folder that is missing. */
  #whyNotStarted(cause: Error): Error {
    const { cwd } = this.#options
    if (cwd === undefined || existsSync(cwd)) return cause
    return Object.assign(new Error(`its working directory ${cwd} does not exist`, { cause }), { code: 'ENOENT' })
  }

  #withLastWord(how: GenerationEnd): GenerationEnd {
    return this.#lastWord && how.reason === 'exit' ? { reason: 'error', cause: this.#lastWord.error } : how
  }

  #take(message: FromWorkerMessage): void {
    if (message.type === 'online') this.#online.resolve()
    if (message.type === 'uncaught') this.#lastWord = { error: decodeError(message.error) }
    this.#onMessage(message)
  }
}

/** Calls back when the one of the two should be known as well; after what has come meanwhile, where this thread was busy. */
function inTime(callback: () => void): void {
  setTimeout(() => setImmediate(callback), together).unref()
}

/** What would have a child listen, or wait, for the debugger of this process; a component's own environment may ask for that. */
const debugging = /(?:^|\s)--inspect(?:-[a-z-]+)?(?:=\S*)?(?=\s|$)/g

function childEnvironment(given?: WorkerOptions['env']): Readonly<NodeJS.ProcessEnv> {
  const environment = { ...workerEnvironment(given) }
  for (const name of parental) delete environment[name]
  const options = environment['NODE_OPTIONS']
  const isOwn = given !== undefined && !Array.isArray(given)
  if (options !== undefined && !isOwn) environment['NODE_OPTIONS'] = options.replaceAll(debugging, '').trim()
  return environment
}

/** What a child takes over from this process besides its environment. */
function surroundings(): string {
  return JSON.stringify([
    workingDirectory(),
    process.getuid?.(),
    process.geteuid?.(),
    process.getgid?.(),
    process.getegid?.(),
  ])
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    // It has been removed.
    return undefined
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null): GenerationEnd {
  return signal ? { reason: 'signal', signal } : { reason: 'exit', ...(code !== null && { exitCode: code }) }
}
