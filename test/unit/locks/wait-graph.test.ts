import { describe, expect, it } from 'vitest'
import { findCycle, type WaitEdge } from '../../../src/locks/wait-graph.ts'

function graph(edges: Record<string, readonly string[]>): (party: string) => WaitEdge<string>[] {
  return (party) => (edges[party] ?? []).map((to) => ({ to, via: `${party}${to}` }))
}

describe('findCycle', () => {
  it('finds nothing where the waits end', () => {
    expect(findCycle('a', graph({ a: ['b', 'c'], b: ['d'], c: ['d'] }))).toBeUndefined()
  })

  it('finds a party that waits for itself', () => {
    expect(findCycle('a', graph({ a: ['a'] }))).toEqual([{ to: 'a', via: 'aa' }])
  })

  it('gives the path from the start back to the start', () => {
    const path = findCycle('a', graph({ a: ['x', 'b'], b: ['c'], c: ['a'] }))
    expect(path?.map((edge) => edge.via)).toEqual(['ab', 'bc', 'ca'])
  })

  it('prefers the shortest of several cycles', () => {
    const path = findCycle('a', graph({ a: ['b', 'z'], b: ['c'], c: ['a'], z: ['a'] }))
    expect(path?.map((edge) => edge.via)).toEqual(['az', 'za'])
  })

  it('leaves alone a cycle that does not lead through the start', () => {
    expect(findCycle('a', graph({ a: ['b'], b: ['c'], c: ['b'] }))).toBeUndefined()
  })

  it('walks a chain of 100,000 parties, each once', () => {
    let visits = 0
    const path = findCycle(0, (party) => {
      visits += 1
      return party < 99_999 ? [{ to: party + 1, via: 'lock' }] : []
    })
    expect(path).toBeUndefined()
    expect(visits).toBe(100_000)
  })
})
