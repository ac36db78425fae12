import { MessagePort } from 'node:worker_threads'

/**
 * Closes the ports in a value that arrived and that nobody will get, so that their other ends learn of it: a port that is only dropped
 * stays open for ever. Looks where structured clone puts them: in arrays, objects, Maps and Sets.
 */
export function closePorts(value: unknown): void {
  const seen = new Set<unknown>()
  const left: unknown[] = []
  const look = (item: unknown): void => {
    if (typeof item !== 'object' || item === null || ArrayBuffer.isView(item) || seen.has(item)) return
    seen.add(item)
    left.push(item)
  }
  look(value)
  // Not recursive: it may be nested deeper than the stack is.
  for (let item = left.pop(); item !== undefined; item = left.pop()) {
    if (item instanceof MessagePort) item.close()
    else if (item instanceof Map) item.forEach((member: unknown, key: unknown) => (look(key), look(member)))
    else if (item instanceof Set || Array.isArray(item)) item.forEach(look)
    else Object.values(item as object).forEach(look)
  }
}
