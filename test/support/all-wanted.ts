/** SPILLWAY_TEST_ALL=1: all combinations, lives and rounds instead of those of every day, and everything on both Nodes. */
export const isAllWanted = process.env['SPILLWAY_TEST_ALL'] === '1'
