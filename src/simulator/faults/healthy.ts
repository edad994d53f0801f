import { customErrorPage, iisAnswer, type Language } from '../pages/iis.ts';
import { detailedErrorPage } from '../pages/iis-detailed.ts';
import type { Answer, Responder } from '../reply.ts';

/** What NDES is expected to advertise: no AES and no SCEPStandard. */
const NDES_CAPABILITIES = ['POSTPKIOperation', 'Renewal', 'SHA-512', 'SHA-256', 'SHA-1', 'DES3'];

/** A GetCACaps answer as NDES gives it: one keyword per line with CRLF, and no Content-Type header. */
export function caCaps(keywords: readonly string[] = NDES_CAPABILITIES): Answer {
  return iisAnswer(200, 'OK', undefined, Buffer.from(keywords.map((keyword) => `${keyword}\r\n`).join('')));
}

/** The 403 at the bare URL that a loaded policy module causes, as remote clients see it. */
export function customBase(language?: Language): Responder {
  return () => customErrorPage(403, language);
}

/** The same, as a connector on the NDES server itself sees it and passes it on. */
export const detailedBase: Responder = (ask) => detailedErrorPage('403.0', ask);

/**
 * PKIOperation is not implemented: 200 and an empty body, whatever is sent. It says no more than that the URL was accepted,
 * which is all that Microsoft's URL validator looks for.
 */
export function pkiOperation(): Answer {
  return iisAnswer(200, 'OK', 'application/x-pki-message', Buffer.alloc(0));
}
