/* One-shot: a worker that gets a single call. The next worker is made ready beforehand, so that nobody waits for a thread to start. */
import { ComponentCoordinator } from '../index.ts'
import type renderer from './components/renderer.ts'

await using coordinator = new ComponentCoordinator()
const pages = coordinator.registerComponent<typeof renderer>({
  name: 'renderer',
  module: new URL('./components/renderer.ts', import.meta.url),
  recycle: { calls: 1 },
})

const threads = new Set<number>()
for (const name of ['Ada', 'Grace', 'Barbara']) {
  const { page, pages: count, thread } = await pages.render('Hello {name}!', { name })
  threads.add(thread)
  console.log(`${page} The only page of its worker: ${count === 1}`)
}
console.log(`threads: ${threads.size}`)

// Called all at once, they still get a worker each.
const results = await Promise.all(Array.from({ length: 3 }, async () => pages.render('{a}', { a: 'x' })))
console.log(`at once: ${results.map(({ pages: count }) => count).join(', ')}`)
console.log(`crashes: ${coordinator.info('renderer').crashes}`)
