/** The candidates that a mistyped word most likely meant, best first; none when nothing is close. */
export function nearest(word: string, candidates: readonly string[], most = 3): readonly string[] {
  const wanted = word.toLowerCase();
  const whole = closest(candidates, most, (candidate) => ({
    distance: candidate.includes(wanted) && wanted.length >= MIN_PART ? 1 : editDistance(wanted, candidate),
    limit: Math.max(2, Math.floor(candidate.length / 3)),
  }));
  if (whole.length > 0 || wanted === '') return whole;
  // A word that was not typed to its end is like the beginning of what was meant.
  return closest(candidates, most, (candidate) => ({
    distance: editDistance(wanted, candidate.slice(0, wanted.length)),
    limit: Math.floor(wanted.length / 4),
  }));
}

/** Fewer letters than this are part of too many words. */
const MIN_PART = 3;

function closest(
  candidates: readonly string[],
  most: number,
  measure: (candidate: string) => { readonly distance: number; readonly limit: number },
): readonly string[] {
  return candidates
    .map((candidate) => ({ candidate, ...measure(candidate.toLowerCase()) }))
    .filter(({ distance, limit }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance; the words compared here are short. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
