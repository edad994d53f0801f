import { APPLICATION_PROXY } from './catalog/application-proxy.ts';
import { CERTIFICATES } from './catalog/certificates.ts';
import { IIS } from './catalog/iis.ts';
import { INTERMEDIARIES } from './catalog/intermediaries.ts';
import { LONG_URL } from './catalog/long-url.ts';
import { NDES } from './catalog/ndes.ts';
import { NETWORK } from './catalog/network.ts';
import { SCEP } from './catalog/scep.ts';
import { SUMMARY } from './catalog/summary.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import type { VerdictCode } from './code.ts';

/** What each verdict means and what to do about it. The type makes a code without an entry a compile error. */
export const CATALOG: Readonly<Record<VerdictCode, CatalogEntry>> = {
  ...NETWORK,
  ...LONG_URL,
  ...APPLICATION_PROXY,
  ...INTERMEDIARIES,
  ...IIS,
  ...NDES,
  ...SCEP,
  ...CERTIFICATES,
  ...SUMMARY,
};
