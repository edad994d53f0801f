import tls from 'node:tls';

const contexts = new Map<string, tls.SecureContext>();

/** One context for each set of trusted certificates: building one parses every public root and costs more than a whole probe. */
export function secureContextFor(extraCa: string | undefined): tls.SecureContext {
  const key = extraCa ?? '';
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const context = tls.createSecureContext(extraCa === undefined ? {} : { ca: [...tls.getCACertificates('default'), extraCa] });
  contexts.set(key, context);
  return context;
}
