/** More methods than any API has; a member costs about 1 KB (100,000 took 95 MB). */
const most = 1_000
/** Characters of a path; longer ones are not remembered, or a thousand of them could hold any amount of memory. Guessed: longer than any API's. */
const longest = 200

/** The members of a remote that were last asked for, by path: `remote.a === remote.a`, and computed names do not pile up. */
export class RecentMembers {
  readonly #members = new Map<string, object>()

  get(path: string): object | undefined {
    const member = this.#members.get(path)
    if (member && this.#members.size >= most / 2) {
      // Put last again: those that are asked for often are not what a flood of computed names pushes out.
      this.#members.delete(path)
      this.#members.set(path, member)
    }
    return member
  }

  add(path: string, member: object): void {
    if (path.length > longest) return
    if (this.#members.size >= most) {
      for (const oldest of this.#members.keys()) {
        this.#members.delete(oldest)
        break
      }
    }
    this.#members.set(path, member)
  }
}
