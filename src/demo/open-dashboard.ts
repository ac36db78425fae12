import { createDashboard } from '../dashboard/index.ts'
import type { Dashboard, DashboardAddress } from '../dashboard/index.ts'
import { isInvalidOptionsError } from '../contract/errors.ts'
import type { ComponentCoordinator } from '../index.ts'

/** Ports that are tried, one after the other. */
const tries = 20

export interface OpenDashboard {
  readonly dashboard: Dashboard
  readonly address: DashboardAddress
}

/**
 * Opens the dashboard on the port, or on the next one that is free.
 *
 * @throws InvalidOptionsError when none of the next 20 is.
 */
export async function openDashboard(
  coordinator: ComponentCoordinator,
  port: number,
  token: string,
): Promise<OpenDashboard> {
  for (let next = port; ; next++) {
    const dashboard = createDashboard(coordinator, { port: next, token, actions: true })
    try {
      return { dashboard, address: await dashboard.start() }
    } catch (error) {
      const taken = isInvalidOptionsError(error) && error.option === 'port'
      if (!taken || next - port >= tries || next >= 65_535) throw error
    }
  }
}
