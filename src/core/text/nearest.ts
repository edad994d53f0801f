/** The candidates that a mistyped word most likely meant, best first; none when nothing is close. */
export function nearest(word: string, candidates: readonly string[], most = 3): readonly string[] {
  const wanted = word.toLowerCase();
  return candidates
    .map((candidate) => ({
      candidate,
      distance: candidate.includes(wanted) && wanted.length >= 3 ? 1 : editDistance(wanted, candidate.toLowerCase()),
    }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)))
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
