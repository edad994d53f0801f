import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';
import { commandPath } from '../../test/support/needs.ts';
import { startOnFreePort } from '../../test/support/server-process.ts';
import { cpuMsOf } from './machine.ts';

export interface BlackboxProbe {
  readonly url: string;
  readonly module: 'forbidden' | 'ok';
}

export interface Blackbox extends AsyncDisposable {
  readonly version: string;
  /** Runs the probes one after the other; throws unless each of them says success. */
  readonly cycle: (probes: readonly BlackboxProbe[]) => Promise<void>;
  readonly cpuMs: () => number;
}

/** prometheus-blackbox-exporter with the least that can tell a healthy endpoint: the status, over verified TLS. */
export async function startBlackbox(caPem: string): Promise<Blackbox> {
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-blackbox-'));
  const command = commandPath('prometheus-blackbox-exporter');
  const config = join(folder, 'blackbox.yml');
  writeFileSync(join(folder, 'ca.pem'), caPem);
  writeFileSync(config, `modules:\n${module('ok', 200, folder)}${module('forbidden', 403, folder)}`);
  let pid = 0;
  const server = await startOnFreePort({
    command,
    args: (port) => [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
    ready: async (port, started) => {
      pid = started ?? 0;
      return isHealthy(port);
    },
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  });
  // One connection for all questions, so that asking costs it as little as Prometheus' own scrapes do.
  const client = new Client(`http://127.0.0.1:${server.port}`);
  return {
    version: execFileSync(command, ['--version'], { encoding: 'utf8' })
      .replace(/\s+/g, ' ')
      .replace(/^.*?version (\S+).*?go version: (\S+).*$/, '$1 ($2)'),
    cycle: async (probes) => {
      for (const { url, module: name } of probes) {
        const path = `/probe?module=${name}&target=${encodeURIComponent(url)}`;
        const { body } = await client.request({ path, method: 'GET' });
        const metrics = await body.text();
        if (!/^probe_success 1$/m.test(metrics)) throw new Error(`blackbox_exporter does not succeed with ${url}:\n${metrics}`);
      }
    },
    cpuMs: () => cpuMsOf(pid),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server.close();
    },
  };
}

function module(name: BlackboxProbe['module'], status: number, folder: string): string {
  return `  ${name}:
    prober: http
    timeout: 10s
    http:
      valid_status_codes: [${status}]
      preferred_ip_protocol: ip4
      follow_redirects: false
      fail_if_not_ssl: true
      tls_config:
        ca_file: ${join(folder, 'ca.pem')}
`;
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/-/healthy`)).ok;
  } catch {
    // Not listening yet; startOnFreePort bounds how often we ask.
    return false;
  }
}
