import { ComponentCoordinator, proxy } from 'spillway'

/** A program without the types of Node: none of what is global there has a name here. */
interface Index {
  search(
    text: string,
    options?: { readonly onHit?: (hit: string) => void },
  ): Promise<readonly { readonly id: number }[]>
  open(): { close(): void }
  readonly parent: Index | null
}

export async function use(): Promise<number> {
  const coordinator = new ComponentCoordinator()
  const index = coordinator.registerComponent<Index>({ name: 'index', module: 'index' })
  const hits = await index.search('a', { onHit: proxy((hit) => void hit.length) })
  // @ts-expect-error a bare function cannot travel
  await index.search('a', { onHit: (hit: string) => void hit.length })
  // @ts-expect-error nor what has one
  await index.open()
  return hits.length + (await index.parent.search('b')).length
}
