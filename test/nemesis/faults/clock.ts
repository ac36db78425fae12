/** The wall clock of this thread, which may be set: what people or NTP do to it. The monotonic clock goes on as it was. */
const realNow = Date.now
let offset = 0

Date.now = () => realNow() + offset

/** ms by which the wall clock is set forward, or back. */
export function jumpClock(by: number): void {
  offset += by
}

export function rightClock(): void {
  offset = 0
}
