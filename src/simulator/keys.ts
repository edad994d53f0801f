import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const generate = promisify(generateKeyPair);
const made = new Map<string, Promise<KeyPair>>();

/**
 * The RSA key (2048 bits) of one role, made when it is first asked for and then kept for the life of the process, so that
 * a test suite that starts a hundred simulators pays for its keys once. Certificates are new in every simulator.
 */
export function rsaKey(role: string): Promise<KeyPair> {
  return once(`rsa ${role}`, () => generate('rsa', { modulusLength: 2048 }));
}

/** A P-256 key, for TLS only: NDES itself knows nothing but RSA. */
export function ecKey(role: string): Promise<KeyPair> {
  return once(`ec ${role}`, () => generate('ec', { namedCurve: 'P-256' }));
}

function once(role: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
  const known = made.get(role);
  if (known !== undefined) return known;
  const pair = make();
  made.set(role, pair);
  return pair;
}
