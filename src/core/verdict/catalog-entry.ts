import type { Layer } from './layer.ts';
import type { Severity } from './severity.ts';

/** One possible reason for a verdict, most likely first, with what to do about it in the order in which to do it. */
export interface Cause {
  readonly title: string;
  readonly fixes: readonly string[];
}

export interface Link {
  readonly title: string;
  readonly url: string;
}

/** Everything that the product knows about one verdict code and that does not depend on a single probe. */
export interface CatalogEntry {
  readonly layer: Layer;
  /** The usual severity. A rule may answer another one: a certificate that expires in 50 days is `info`, in 5 days `crit`. */
  readonly severity: Severity;
  /** One line that an on-call engineer understands without context. */
  readonly title: string;
  /** One or two sentences: what was seen, and what it means for devices. */
  readonly meaning: string;
  readonly causes: readonly Cause[];
  readonly links: readonly Link[];
  /** Older or other names under which people search for this: product names, error texts, status lines. */
  readonly alsoKnownAs: readonly string[];
}
