/** How full the memory budget is; see MemoryManager. */
export type PressureLevel = 'low' | 'medium' | 'high' | 'critical'
