import { HANG, RESET } from '../reply.ts';
import { notShown, shown } from './behaviour.ts';

/** Names, connections, TLS and silence: rows 1 to 7, 15, 16 and 66 of the decision table. */
export const TRANSPORT_FAULTS = {
  'dns-name-not-found': notShown(
    'a server cannot make its own name disappear',
    'probe https://nosuchhost.invalid/certsrv/mscep/mscep.dll: the top-level domain .invalid never resolves (RFC 6761)',
  ),
  'dns-lookup-failed': notShown(
    'the failure is in the resolver of the probing machine',
    'probe any name while the resolver in /etc/resolv.conf does not answer, for example 127.0.0.1 with nothing on port 53',
  ),
  'probe-network-down': notShown(
    'only the monitor says this, when every target and every control URL fails at DNS or TCP at once',
    'watch http://127.0.0.1:1/certsrv/mscep/mscep.dll with controlUrls set to http://127.0.0.1:2/',
  ),
  'tcp-refused': notShown(
    'a server that listens does not refuse',
    'probe http://127.0.0.1:1/certsrv/mscep/mscep.dll, or the URL of a simulator that was closed',
  ),
  'tcp-timeout': notShown(
    'a server that is reached has already accepted',
    'probe http://192.0.2.1/certsrv/mscep/mscep.dll: the documentation network answers nobody (RFC 5737); an unroutable machine refuses at once',
  ),
  'tls-certificate-expired': shown('TLS with a server certificate that expired yesterday', { expired: { tls: 'expired' } }),
  'tls-name-mismatch': shown('TLS with a certificate for scep-contoso.msappproxy.net only', { 'wrong-name': { tls: 'wrong-name' } }),
  'tls-untrusted': shown('TLS with a certificate that leads to no trusted root', {
    'self-signed': { tls: 'self-signed' },
    'private-ca': { tls: 'private-ca' },
    'missing-intermediate': { tls: 'missing-intermediate' },
  }),
  'connection-reset': shown('reads each request and answers with a TCP reset', { reset: { everywhere: () => RESET } }),
  'client-timeout': shown('accepts connections and requests and never answers', { hang: { everywhere: () => HANG } }),
  'slow-response': shown(
    'healthy, but every answer takes 11 seconds; the verdict needs three slow probes out of five',
    { '11-seconds': { delayMs: 11_000 } },
    'history',
  ),
} as const;
