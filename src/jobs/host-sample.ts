import { sha256Hex } from '../state/manifest.ts';

/**
 * `count` of the hosts, the same ones at every call with the same seed. Which of two hosts comes first does not depend on
 * the others, so that one host more changes the sample by one at most.
 */
export function sampleHosts(hosts: readonly string[], count: number, seed: string): string[] {
  const drawn = [...new Set(hosts)].map((host) => ({ host, lot: sha256Hex(JSON.stringify([seed, host])) }));
  drawn.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return drawn
    .slice(0, count)
    .map(({ host }) => host)
    .sort();
}
