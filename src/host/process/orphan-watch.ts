import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { expectDescriptors } from './descriptors.ts'
import { monotonicNow } from '../../base/monotonic.ts'

/**
 * Is given who is to be watched, reads who comes and goes, and ends the process groups of those that are left once its input ends: with this process, however that dies. It must
 * not go with a terminal's signals before them.
 */
const script = `
trap '' INT TERM HUP QUIT
pids=" $* "
while read -r op pid; do
  case $op in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done
`

/** ms: a watcher that lives no longer does not work here. Guessed: the shell starts within a few. */
const shortLife = 1_000
/** How many such in a row are replaced, until the next process is started. */
const attempts = 3

/**
 * Ends the processes of components when this process is killed: they see their channel close, but one that is busy does not look. One small shell
 * watches for all of them, since nothing in this process can do it then.
 */
class OrphanWatch {
  readonly #pids = new Set<number>()
  #watcher: ChildProcess | undefined
  /** Watchers in a row that did not live. */
  #failures = 0
  #told = false

  add(pid: number): void {
    this.#pids.add(pid)
    this.#failures = 0
    if (this.#watcher) this.#tell(`+ ${pid}`)
    else this.#start()
  }

  delete(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell(`- ${pid}`)
    if (this.#pids.size > 0) return
    // It has nothing to do any more, and is gone with its input.
    this.#watcher?.stdin?.end()
    this.#watcher = undefined
  }

  #start(): void {
    if (process.platform === 'win32') return
    if (this.#failures >= attempts) {
      this.#tellOnce()
      return
    }
    try {
      expectDescriptors()
    } catch {
      // The next one that is to be watched tries again.
      return
    }
    const started = monotonicNow()
    const watcher = spawn('/bin/sh', ['-c', script, 'sh', ...[...this.#pids].map(String)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#watcher = watcher
    const gone = (): void => {
      if (this.#watcher !== watcher) return
      this.#watcher = undefined
      this.#failures = monotonicNow() - started < shortLife ? this.#failures + 1 : 0
      if (this.#pids.size > 0) this.#start()
    }
    watcher.once('error', gone)
    watcher.once('exit', gone)
    watcher.unref()
    // Where there are no more descriptors it has none.
    const stdin = watcher.stdin as typeof watcher.stdin | undefined
    stdin?.on('error', () => {})
    if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  }

  #tellOnce(): void {
    if (this.#told) return
    this.#told = true
    process.emitWarning(
      'No shell (/bin/sh) can be kept running that would end busy processes of components if this one is killed',
      { type: 'SpillwayWarning', code: 'SPILLWAY_NO_WATCHER' },
    )
  }

  #tell(line: string): void {
    this.#watcher?.stdin?.write(`${line}\n`)
  }
}

/** One for all coordinators of this thread. */
export const orphanWatch = new OrphanWatch()
