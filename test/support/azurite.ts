import { request } from 'node:http';
import { createRequire } from 'node:module';
import { startOnFreePort } from './server-process.ts';

/** Account and key of every Azurite; published, no secret. */
const ACCOUNT =
  'AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const PROGRAM = createRequire(import.meta.url).resolve('azurite/dist/src/table/main.js');

export interface Azurite {
  /** The same for as long as it lives, restarts included. */
  readonly connectionString: string;
  /** Without a chance to save anything. */
  readonly kill: () => Promise<void>;
  /** On the same port and folder, after `kill`. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The table service of Azurite, in memory or in a folder. */
export async function startAzurite({ folder }: { readonly folder?: string } = {}): Promise<Azurite> {
  const place = folder === undefined ? ['--inMemoryPersistence'] : ['--location', folder];
  let pid: number | undefined;
  let fixedPort: number | undefined;
  const start = () =>
    startOnFreePort({
      command: process.execPath,
      args: (port) => [
        PROGRAM,
        ...place,
        '--tablePort',
        String(fixedPort ?? port),
        '--disableTelemetry',
        '--skipApiVersionCheck',
        '--silent',
      ],
      ready: (port, child) => {
        pid = child;
        return answers(fixedPort ?? port);
      },
      cleanUp: () => {},
    });
  let running = await start();
  const port = running.port;
  fixedPort = port;
  return {
    connectionString: `DefaultEndpointsProtocol=http;${ACCOUNT};TableEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`,
    kill: async () => {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      pid = undefined;
      await running.close();
    },
    restart: async () => {
      running = await start();
    },
    close: () => running.close(),
  };
}

async function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  request({ host: '127.0.0.1', port, agent: false }, (response) => {
    response.resume();
    resolve(true);
  })
    .once('error', () => resolve(false))
    .end();
  return promise;
}
