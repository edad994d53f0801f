import type { BundleRecipe } from '../pki.ts';
import type { Responder } from '../reply.ts';
import type { TlsProfile } from '../tls-identity.ts';

/** URLs that are longer than `over` bytes get another answer; the rest is served as usual. */
export interface UrlLimit {
  readonly over: number;
  /** `query` counts what follows the question mark, `url` the whole request target. */
  readonly measured: 'query' | 'url';
  readonly answer: Responder;
}

/** How the server differs from a healthy one. What is absent is healthy. */
export interface Behaviour {
  /** For every request, whatever its path. */
  readonly everywhere?: Responder;
  /** For every request to the SCEP application. */
  readonly scep?: Responder;
  readonly base?: Responder;
  readonly caCaps?: Responder;
  readonly caCert?: Responder;
  readonly longUrl?: UrlLimit;
  /** What GetCACert holds; with more than one, each further connection that asks gets the next one. */
  readonly bundles?: readonly [BundleRecipe, ...BundleRecipe[]];
  /** `single`: only the CA certificate, as a server without an RA would answer. */
  readonly bundleForm?: 'pkcs7' | 'single';
  /** The server must speak TLS, with this certificate. */
  readonly tls?: TlsProfile;
  /** Before each answer, in milliseconds. */
  readonly delayMs?: number;
}

/**
 * What it takes to see the verdict: one probe's answers; `history`, a healthy probe or several slow ones before;
 * `setting`, something in the operator's configuration or in the choice of checks.
 */
export type ShownBy = 'answer' | 'history' | 'setting';

export interface ShownFault {
  readonly kind: 'shown';
  /** One line: what a client sees. */
  readonly description: string;
  readonly shownBy: ShownBy;
  readonly defaultVariant: string;
  readonly variants: Readonly<Record<string, Behaviour>>;
}

/** No server can show this; `reason` says why, `instead` what to do to see the verdict. */
export interface NotShownFault {
  readonly kind: 'not-shown';
  readonly reason: string;
  readonly instead: string;
}

export type Fault = ShownFault | NotShownFault;

/** The first variant is the default. Their names must not look like whole numbers: JavaScript would sort those first. */
export function shown(description: string, variants: Readonly<Record<string, Behaviour>>, shownBy: ShownBy = 'answer'): ShownFault {
  const [defaultVariant = 'default'] = Object.keys(variants);
  return { kind: 'shown', description, shownBy, defaultVariant, variants };
}

export function notShown(reason: string, instead: string): NotShownFault {
  return { kind: 'not-shown', reason, instead };
}
