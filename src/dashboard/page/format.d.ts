/** Figures as people read them; null and undefined, for "not known", give an en dash. */
type Figure = number | null | undefined

export function bytes(value: Figure): string
/** ms, as short as can be told apart: 0.4 ms, 12 ms, 3.4 s. */
export function duration(ms: Figure): string
/** ms, in the two largest units: 8 s, 3 m 20 s, 2 h 5 m. */
export function age(ms: Figure): string
export function percent(share: Figure, digits?: number): string
export function count(value: Figure): string
export function rate(value: Figure): string
/** Epoch ms as the time of the day here. */
export function clock(time: number): string
