import type * as UndiciModule from 'undici'
import { ConnectionError } from './errors.ts'

/** Not every undici 7 has `ping`. */
export type Undici = Pick<typeof UndiciModule, 'Client' | 'WebSocket'> & Partial<Pick<typeof UndiciModule, 'ping'>>

/** @throws ConnectionError ('not-installed') when there is no undici: it is an optional peer dependency. */
export async function importUndici(): Promise<Undici> {
  try {
    return await import('undici')
  } catch (cause) {
    throw new ConnectionError(
      'not-installed',
      'pool',
      'the package "undici" could not be imported: npm install undici',
      {
        cause,
      },
    )
  }
}
