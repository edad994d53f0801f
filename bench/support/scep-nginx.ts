import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNginx } from '../../test/support/nginx.ts';
import type { Material } from './material.ts';

export interface ScepNginx extends AsyncDisposable {
  /** `https://localhost:PORT`; every path below it is a healthy SCEP endpoint. */
  readonly url: string;
}

/** A real nginx that answers what a healthy NDES answers, and the same for every path. */
export async function startScepNginx({ tls, bundles }: Material): Promise<ScepNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-scep-'));
  const bundle = join(folder, 'bundle.p7b');
  writeFileSync(bundle, bundles[0] ?? new Uint8Array());
  const nginx = await startNginx({
    tls,
    workerConnections: 4096,
    // The default of nginx since 1.23.4; Debian's 1.22 leaves TLS 1.3 out.
    server: 'ssl_protocols TLSv1.2 TLSv1.3;',
    http: 'map $arg_operation $answer { default /bare; GetCACaps /caps; GetCACert /cert; }',
    locations: `
      location / { rewrite ^ $answer last; }
      location = /bare { internal; default_type text/html; return 403 '${FORBIDDEN}'; }
      location = /caps { internal; default_type text/plain; return 200 "POSTPKIOperation\\r\\nRenewal\\r\\nSHA-512\\r\\nSHA-256\\r\\nSHA-1\\r\\nDES3\\r\\n"; }
      location = /cert { internal; default_type application/x-x509-ca-ra-cert; alias ${bundle}; }`,
  });
  return {
    url: `https://localhost:${nginx.port}`,
    [Symbol.asyncDispose]: async () => {
      await nginx.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** As short as the page with which IIS refuses a directory listing to strangers. */
const FORBIDDEN =
  '<html><head><title>403 - Forbidden: Access is denied.</title></head><body><h2>403 - Forbidden: Access is denied.</h2></body></html>';
