import { share, time, timeOfDay } from './figures.ts'

/** In which way a component fails. */
export type FailingFinding =
  /** It backs off; epoch ms. */
  | { readonly kind: 'backing-off'; readonly message: string; readonly retryAt: number }
  /** So often in so many ms. */
  | { readonly kind: 'crashes'; readonly times: number; readonly over: number; readonly last: string }
  /** Since the last one that did not fail. */
  | { readonly kind: 'loads'; readonly times: number; readonly last: string }
  /** Of the last minute; none: nobody has called it since. */
  | { readonly kind: 'calls'; readonly failed: number; readonly calls: number; readonly last: string | undefined }

/** What is said of it; without its name in front. @param now epoch ms. */
export function failingMessage(finding: FailingFinding, now: number): string {
  switch (finding.kind) {
    case 'backing-off':
      return finding.retryAt > now
        ? `failed too often and is not loaded before ${timeOfDay(finding.retryAt)}: ${finding.message}; mend it, or resetComponent() lets the next call load it`
        : `failed too often, and the next call loads it again: ${finding.message}`
    case 'crashes':
      return `crashed ${finding.times} times in ${time(finding.over)}, at last with reason '${finding.last}': the log has each crash`
    case 'loads':
      return `could not be loaded ${finding.times} times in a row, at last with: ${finding.last}`
    case 'calls': {
      const { failed, calls, last } = finding
      const how = last === undefined ? '' : `, at last with: ${last}`
      return calls === 0
        ? `failed when it was called last${how}; its page has its last errors`
        : `failed ${failed} of ${calls} calls (${share(failed, calls)}) in the last minute${how}; its page has its last errors`
    }
  }
}
