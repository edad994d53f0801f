import type { Operation } from '../verdict/observation.ts';
import type { Dialect } from './dialect.ts';

/** The path at which the NDES role always publishes itself. */
export const NDES_PATH = '/certsrv/mscep/mscep.dll';

/** Query length of a real iOS PKIOperation sent by GET: 8 to 9 KB of CMS, base64 and percent-encoded. */
export const DEFAULT_LONG_URL_BYTES = 12_000;
/** Microsoft's own long-URL script goes from 1 to 31 KB. */
export const MAX_LONG_URL_BYTES = 31_000;
export const MIN_LONG_URL_BYTES = 1_000;

interface DialectShape {
  /** What the platform's client sends as CA identifier, already percent-encoded. */
  readonly message: string;
  readonly pathSuffix: string;
}

/** NDES accepts any `message`, so the suffix `scepwatch` marks probe traffic in IIS logs without changing the shape of the request. */
const SHAPES: Readonly<Record<Dialect, DialectShape>> = {
  android: { message: 'ca-scepwatch', pathSuffix: '' },
  ios: { message: 'SCEP%20Authority-scepwatch', pathSuffix: '' },
  windows: { message: 'default-scepwatch', pathSuffix: '/pkiclient.exe' },
};

/**
 * The URL that a platform's client would ask for.
 * `scepUrl` is the server URL of the SCEP profile without query; `longUrlBytes` is the length of the query of `long-url`.
 */
export function operationUrl(scepUrl: string, operation: Operation, dialect: Dialect, longUrlBytes = DEFAULT_LONG_URL_BYTES): string {
  const { message, pathSuffix } = SHAPES[dialect];
  const path = pathSuffix === '' ? scepUrl : `${scepUrl.replace(/\/+$/, '')}${pathSuffix}`;
  switch (operation) {
    case 'base-url':
      return scepUrl;
    case 'ca-caps':
      return `${path}?operation=GetCACaps&message=${message}`;
    case 'ca-cert':
      return `${path}?operation=GetCACert&message=${message}`;
    case 'long-url': {
      // GetCACaps with a padded CA identifier: as long as a real enrolment, but nothing for NDES to parse and to log as an error.
      const query = `operation=GetCACaps&message=${message}-`;
      return `${path}?${query}${'A'.repeat(Math.max(0, longUrlBytes - query.length))}`;
    }
  }
}
