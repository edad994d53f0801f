import { CATALOG } from '../verdict/catalog.ts';
import type { CatalogEntry } from '../verdict/catalog-entry.ts';
import { isVerdictCode } from '../verdict/code.ts';
import { CONNECTORS } from './catalog/connectors.ts';
import { ENROLMENT } from './catalog/enrolment.ts';
import { POLICY_MODULE } from './catalog/policy-module.ts';
import { REQUESTS } from './catalog/requests.ts';
import { SERVER } from './catalog/server.ts';
import type { LogCode, LogOnlyCode } from './log-code.ts';

/** What each thing that only a log can say means, and what to do about it. The type makes a code without an entry a compile error. */
export const LOG_CATALOG: Readonly<Record<LogOnlyCode, CatalogEntry>> = {
  ...REQUESTS,
  ...ENROLMENT,
  ...POLICY_MODULE,
  ...SERVER,
  ...CONNECTORS,
};

/** What the product knows about a finding: of a verdict that a log shows as well, what the probe says about it. */
export function catalogEntry(code: LogCode): CatalogEntry {
  return isVerdictCode(code) ? CATALOG[code] : LOG_CATALOG[code];
}
