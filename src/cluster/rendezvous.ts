/**
 * Weighted rendezvous hashing: each candidate draws a number of its own for a key, and the one with the best draw has it. Everybody who knows the same candidates
 * comes to the same one, and a candidate that comes or goes takes or leaves only its own share.
 */
export interface Candidate {
  readonly name: string
  /** Its share is its weight among all weights; 0 or more. */
  readonly weight: number
}

/** Undefined where there are none. If no weight is above 0, all are alike. */
export function rendezvous<C extends Candidate>(candidates: readonly C[], key: string): C | undefined {
  const areAlike = candidates.every(({ weight }) => weight <= 0)
  const drawnFor = hashOf(key)
  let chosen: C | undefined
  let best = Number.NEGATIVE_INFINITY
  for (const candidate of candidates) {
    const score = (areAlike ? 1 : candidate.weight) / -Math.log(draw(hashOf(candidate.name), drawnFor))
    if (chosen === undefined || score > best || (score === best && candidate.name < chosen.name)) {
      chosen = candidate
      best = score
    }
  }
  return chosen
}

/** 64 bits. */
type Hash = readonly [number, number]

/** Above 0 and below 1, even, in 52 bits: of a name and a key always the same. */
function draw(name: Hash, key: Hash): number {
  const high = mixed(mixed(name[0] ^ key[0]) + name[1])
  const low = mixed(mixed(name[1] ^ key[1]) + name[0])
  return ((high >>> 6) * 2 ** 26 + (low >>> 6) + 0.5) / 2 ** 52
}

/** Two of FNV-1a's kind, of the text's UTF-16 units. */
function hashOf(text: string): Hash {
  let [one, other] = [0x81_1c_9d_c5, 0x9d_c5_81_1c]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    one = Math.imul(one ^ unit, 0x01_00_01_93)
    other = Math.imul(other ^ unit, 0x85_eb_ca_6b)
  }
  return [mixed(one), mixed(other)]
}

/** The last steps of MurmurHash3: each bit of what comes in changes half of those that go out. */
function mixed(bits: number): number {
  let hash = bits
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35)
  return hash ^ (hash >>> 16)
}
