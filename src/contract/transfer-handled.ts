/**
 * Types that travel because there is a transfer handler for them in both threads, for the compiler to know:
 *
 * ```ts
 * declare module 'spillway' {
 *   interface TransferHandled {
 *     money: Money
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- users add to it
export interface TransferHandled {}
