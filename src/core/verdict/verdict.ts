import { CATALOG } from './catalog.ts';
import type { Cause, Link } from './catalog-entry.ts';
import { CODE_ROWS, type VerdictCode } from './code.ts';
import type { Layer } from './layer.ts';
import { compareSeverity, type Severity } from './severity.ts';

/** What an expert would say about one check, or about a whole target. */
export interface Verdict {
  readonly code: VerdictCode;
  readonly severity: Severity;
  readonly layer: Layer;
  readonly title: string;
  /** What was seen, one line each, safe to print anywhere. */
  readonly evidence: readonly string[];
  readonly causes: readonly Cause[];
  readonly links: readonly Link[];
}

/** Where a probe knows better than the catalog, which has the usual severity and hop. */
interface Particular {
  readonly severity?: Severity | undefined;
  readonly layer?: Layer | undefined;
}

/** Joins what was seen with what the catalog knows. */
export function verdictOf(code: VerdictCode, evidence: readonly string[], { severity, layer }: Particular = {}): Verdict {
  const { title, causes, links, ...usual } = CATALOG[code];
  return { code, severity: severity ?? usual.severity, layer: layer ?? usual.layer, title, evidence, causes, links };
}

/** Most severe first; among equals the lower row of the decision table, because it explains more. */
export function byImportance(a: Verdict, b: Verdict): number {
  return compareSeverity(b.severity, a.severity) || CODE_ROWS[a.code] - CODE_ROWS[b.code];
}
