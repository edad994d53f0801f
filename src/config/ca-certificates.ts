import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

export type CaCertificates = { readonly ok: true; readonly pem: string } | { readonly ok: false; readonly problem: string };

/** Every certificate of a PEM text, and nothing else of it: a private key that stands beside them is not carried along. */
export function caCertificates(text: string): CaCertificates {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return { ok: false, problem: 'holds no PEM certificate (a block that starts with -----BEGIN CERTIFICATE-----)' };
  const damaged = blocks.findIndex((block) => !isCertificate(block));
  if (damaged !== -1) return { ok: false, problem: `certificate ${damaged + 1} of ${blocks.length} is damaged` };
  return { ok: true, pem: blocks.join('\n') };
}

/** `name` is what people call the file; where it really lies is nobody's business who reads of a problem with it. */
export function readCaFile(path: string, name = path): CaCertificates {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return { ok: false, problem: `cannot read ${name} (${code}); give a file with PEM certificates` };
  }
  const read = caCertificates(text);
  return read.ok ? read : { ok: false, problem: `${name}: ${read.problem}` };
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

/** Fingerprints are copied with colons, spaces and capitals; they are compared without. */
export function normalisedPin(text: string): string {
  return text.replaceAll(/[\s:]/g, '').toLowerCase();
}
