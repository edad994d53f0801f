import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath } from './needs.ts';
import { startOnFreePort } from './server-process.ts';
import type { TlsIdentity } from './tls-material.ts';

export interface NginxOptions {
  /** Base URL that `/` is passed on to, with the path and query as they came. */
  readonly upstream?: string;
  /** Location blocks, before the one of the upstream. */
  readonly locations?: string;
  /** More directives for the server block. */
  readonly server?: string;
  /** More directives for the http block, e.g. limit_req_zone. */
  readonly http?: string;
  readonly tls?: TlsIdentity;
  /** A request line longer than one buffer is answered with a real 414; the default takes URLs of 32 KB and more. */
  readonly largeClientHeaderBuffers?: string;
  /** How many connections at once; a benchmark needs more than the 256 that do for a test. */
  readonly workerConnections?: number;
}

export interface Nginx extends AsyncDisposable {
  /** `http(s)://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly errorLog: () => string;
  readonly close: () => Promise<void>;
}

/** A real nginx on 127.0.0.1 with everything it writes in a folder of its own. */
export async function startNginx(options: NginxOptions = {}): Promise<Nginx> {
  const prefix = mkdtempSync(join(tmpdir(), 'scepwatch-nginx-'));
  const file = (name: string) => join(prefix, name);
  writeFileSync(file('error.log'), '');
  if (options.tls !== undefined) {
    writeFileSync(file('cert.pem'), options.tls.certPem + (options.tls.chainPem ?? ''));
    writeFileSync(file('key.pem'), options.tls.keyPem);
  }
  const errorLog = () => readFileSync(file('error.log'), 'utf8');
  const server = await startOnFreePort({
    command: commandPath('nginx'),
    args: (port) => {
      writeFileSync(file('nginx.conf'), configuration(port, options));
      return ['-p', `${prefix}/`, '-e', file('error.log'), '-c', file('nginx.conf')];
    },
    // nginx writes its pid only after it has bound the port, which tells it from a stranger on the same one.
    ready: async (port, pid) => fileContains(file('nginx.pid'), String(pid)) && (await accepts(port)),
    log: errorLog,
    cleanUp: () => rmSync(prefix, { recursive: true, force: true }),
  });
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.port}`,
    port: server.port,
    errorLog,
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
}

/** One process in the foreground (master_process off): nothing survives its handle, and no worker changes its user. */
function configuration(port: number, options: NginxOptions): string {
  const tls = options.tls === undefined ? '' : 'ssl_certificate cert.pem; ssl_certificate_key key.pem;';
  const upstream =
    options.upstream === undefined
      ? ''
      : `location / {
      proxy_pass ${new URL(options.upstream).origin};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }`;
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log error.log info;
events { worker_connections ${options.workerConnections ?? 256}; }
http {
  access_log off;
  client_body_temp_path client-body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  large_client_header_buffers ${options.largeClientHeaderBuffers ?? '8 64k'};
  ${options.http ?? ''}
  server {
    listen 127.0.0.1:${port}${options.tls === undefined ? '' : ' ssl'};
    ${tls}
    ${options.server ?? ''}
    ${options.locations ?? ''}
    ${upstream}
  }
}
`;
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function fileContains(path: string, text: string): boolean {
  try {
    return readFileSync(path, 'utf8').trim() === text;
  } catch {
    return false;
  }
}
