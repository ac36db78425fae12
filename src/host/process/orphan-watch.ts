import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { expectDescriptors } from './descriptors.ts'

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

/** How often a watcher that was ended by somebody is replaced. */
const replacements = 10

/**
 * Ends the processes of components when this process is killed: they see their channel close, but one that is busy does not look. One small shell
 * watches for all of them, since nothing in this process can do it then.
 */
class OrphanWatch {
  readonly #pids = new Set<number>()
  #watcher: ChildProcess | undefined
  #started = 0

  add(pid: number): void {
    this.#pids.add(pid)
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
    if (process.platform === 'win32' || this.#started > replacements) return
    try {
      expectDescriptors()
    } catch {
      // The next one that is to be watched tries again.
      return
    }
    this.#started++
    const watcher = spawn('/bin/sh', ['-c', script, 'sh', ...[...this.#pids].map(String)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#watcher = watcher
    const gone = (): void => {
      if (this.#watcher !== watcher) return
      this.#watcher = undefined
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

  #tell(line: string): void {
    this.#watcher?.stdin?.write(`${line}\n`)
  }
}

/** One for all coordinators of this thread. */
export const orphanWatch = new OrphanWatch()
