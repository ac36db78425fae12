/*
 * What examples use of packages that are not installed here, or without their types: no more of each than that.
 */

declare module 'express' {
  import type { IncomingMessage, Server, ServerResponse } from 'node:http'

  namespace express {
    interface Request extends IncomingMessage {
      readonly query: Readonly<Record<string, unknown>>
    }
    interface Response extends ServerResponse {
      status(code: number): this
      json(body: unknown): this
    }
    type NextFunction = (error?: unknown) => void
    type Handler = (request: Request, response: Response) => void | Promise<void>
    type ErrorHandler = (error: unknown, request: Request, response: Response, next: NextFunction) => void
    interface Application {
      get(path: string, handler: Handler): this
      use(handler: ErrorHandler): this
      listen(port: number): Server
    }
  }
  function express(): express.Application
  export = express
}

declare module 'next' {
  export interface NextConfig {
    readonly serverExternalPackages?: string[]
    readonly output?: 'standalone' | 'export'
    readonly outputFileTracingIncludes?: Record<string, string[]>
  }
}

declare module 'server-only' {}

declare module 'better-sqlite3' {
  interface Statement {
    get(...parameters: unknown[]): unknown
  }
  export default class Database {
    constructor(path: string)
    pragma(text: string): unknown
    prepare(sql: string): Statement
    close(): this
  }
}
