import '../base/supported-node.ts'
import type { ComponentCoordinator } from '../coordinator.ts'
import { Dashboard } from './dashboard.ts'
import type { DashboardOptions } from './dashboard-options.ts'

export type { Dashboard, DashboardAddress } from './dashboard.ts'
export type { DashboardOptions } from './dashboard-options.ts'

/**
 * A dashboard for a coordinator; `start()` opens it, on http://127.0.0.1:8080 unless told otherwise.
 *
 * It needs the packages fastify, preact, htm and uplot; with prom-client it serves `/metrics` too. Nothing is asked of any other host.
 *
 * @throws InvalidOptionsError
 */
export function createDashboard(coordinator: ComponentCoordinator, options: DashboardOptions = {}): Dashboard {
  return new Dashboard(coordinator, options)
}
