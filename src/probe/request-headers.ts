import type { Dialect } from '../core/scep/dialect.ts';
import { VERSION } from '../version.ts';

/**
 * Name, value, name, value … as undici wants it. The user agent says who we are, never that we are a device: log analysis and
 * firewall allow-lists depend on it. No Accept-Encoding, because SCEP clients send none; English, because pages come localised.
 */
export function requestHeaders(dialect: Dialect): readonly string[] {
  return [
    'user-agent',
    `scepwatch/${VERSION} (synthetic SCEP monitor; ${dialect})`,
    'accept',
    '*/*',
    'accept-language',
    'en',
    'cache-control',
    'no-cache',
  ];
}
