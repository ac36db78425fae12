import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'

/** Descriptors that the start of a process takes for a moment, and some to spare: two for each pipe and two for its success. */
const needed = 8

/**
 * Where descriptors run out in the middle of a start, Node leaves those of the pipes open for good (24 and 26: `ChildProcess.spawn` returns on EMFILE before it
 * closes them), and each attempt costs some.
 *
 * @throws EMFILE or ENFILE when there are not enough of them.
 */
export function expectDescriptors(): void {
  const opened: number[] = []
  try {
    while (opened.length < needed) opened.push(openSync(devNull, 'r'))
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}
