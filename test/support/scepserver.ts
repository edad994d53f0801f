import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { commandPath } from './needs.ts';
import { startOnFreePort } from './server-process.ts';

export interface Scepserver extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/scep`: the only path that it answers. */
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  readonly close: () => Promise<void>;
}

export interface ScepserverOptions {
  /** Challenge password that an enrolment has to carry. */
  readonly challenge?: string;
}

/**
 * Debian's scepserver (micromdm/scep) with a fresh CA.
 * It has no option for an address and listens on all interfaces; only 127.0.0.1 is ever asked.
 */
export async function startScepserver(options: ScepserverOptions = {}): Promise<Scepserver> {
  const command = commandPath('scepserver');
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-scepserver-'));
  const depot = join(folder, 'depot');
  execFileSync(command, ['ca', '-init', '-depot', depot, '-keySize', '2048'], { stdio: 'pipe' });
  const caPem = readFileSync(join(depot, 'ca.pem'), 'utf8');
  const caDer = new X509Certificate(caPem).raw;
  const challenge = options.challenge === undefined ? [] : ['-challenge', options.challenge];
  const server = await startOnFreePort({
    command,
    args: (port) => ['-depot', depot, '-port', String(port), ...challenge],
    // Its own CA certificate tells it from another scepserver that took the same port.
    ready: async (port) => caDer.equals(await getOrNothing(`http://127.0.0.1:${port}/scep?operation=GetCACert`)),
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  });
  return {
    url: `http://127.0.0.1:${server.port}/scep`,
    port: server.port,
    caPem,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

function getOrNothing(url: string): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const nothing = () => resolve(Buffer.alloc(0));
  request(url, { agent: false, timeout: 1_000 }, (response) => buffer(response).then(resolve, nothing))
    .on('timeout', nothing)
    .on('error', nothing)
    .end();
  return promise;
}
