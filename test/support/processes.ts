import { readdirSync, readFileSync } from 'node:fs'
import type { DefinitionOf } from '../../src/index.ts'
import type inProcess from '../fixtures/in-process.ts'
import { fixture } from './coordinator.ts'

export type InProcess = typeof inProcess

/** The definition of a component in a process of its own. */
export function inProcessOf(name: string, more: Partial<DefinitionOf<InProcess>> = {}): DefinitionOf<InProcess> {
  return { name, module: fixture('in-process.ts'), isolation: 'process', ...more }
}

/** Whether a process is there and not only waiting to be reaped by somebody else. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The processes that one has started, by their names. Linux only. */
export function childrenOf(pid: number | undefined): { readonly pid: number; readonly name: string }[] {
  return readdirSync('/proc')
    .filter((each) => /^\d+$/.test(each))
    .flatMap((each) => {
      try {
        const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${each}/stat`, 'utf8')) ?? []
        return Number(parent) === pid ? [{ pid: Number(each), name: name ?? '' }] : []
      } catch {
        // Gone meanwhile.
        return []
      }
    })
}
