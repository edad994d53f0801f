import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import type { HealthJson } from '../../src/core/render/health-json.ts';
import { startSimulator } from '../../src/simulator/server.ts';
import { startAzurite } from '../support/azurite.ts';
import { startAppHost, storeOf } from '../support/monitor-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const TEMP = realpathSync(mkdtempSync(join(tmpdir(), 'scepwatch-bundle-')));
const BUNDLE = join(TEMP, 'bundle');

/** Only in the code of @azure/identity and of what it brings. */
const IDENTITY = /msal|ManagedIdentityCredential authentication|DefaultAzureCredential authentication/i;

beforeAll(async () => {
  await bundle(BUNDLE);
});

/** A folder as it is deployed, far from every node_modules. */
function deployed(files: readonly string[]): string {
  const folder = realpathSync(mkdtempSync(join(TEMP, 'deployed-')));
  for (const file of files) writeFileSync(join(folder, file), readFileSync(join(BUNDLE, file)));
  writeFileSync(join(folder, 'host.json'), readFileSync(join(ROOT, 'host.json')));
  writeFileSync(join(folder, 'package.json'), '{"type":"module","main":"functions.mjs"}');
  expect(() => createRequire(join(folder, 'functions.mjs')).resolve('undici')).toThrow('Cannot find module');
  return folder;
}

const SCHEDULES = { SCEPWATCH_PROBE_SCHEDULE: '* * * * * *', SCEPWATCH_HOUSEKEEPING_SCHEDULE: '0 17 3 * * *' };

interface Health {
  readonly status: number;
  readonly body: HealthJson;
  readonly text: string;
}

async function health(url: string): Promise<Health> {
  const answer = await fetch(`${url}/health`);
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text) as HealthJson, text };
}

describe('the bundle', () => {
  it('is an entry and what few calls need beside it, and only one of them has the code of the identity', () => {
    expect(readdirSync(BUNDLE).toSorted()).toEqual(['diagnose.mjs', 'functions.mjs', 'identity.mjs']);
    expect(readFileSync(join(BUNDLE, 'diagnose.mjs'), 'utf8')).not.toMatch(IDENTITY);
    expect(readFileSync(join(BUNDLE, 'functions.mjs'), 'utf8')).not.toMatch(IDENTITY);
    expect(readFileSync(join(BUNDLE, 'identity.mjs'), 'utf8')).toMatch(IDENTITY);
  });

  it('probes, commits and answers health without the repository, and with a connection string without the identity', async () => {
    const azurite = await startAzurite();
    await using simulator = await startSimulator({ tls: true });
    await using broken = await startSimulator({ fault: 'ndes-app-pool-stopped' });
    const folder = deployed(['functions.mjs']);
    const config = {
      targets: [
        { id: 'contoso', url: simulator.url, ca: simulator.caPem, dialects: ['android', 'ios', 'windows'], compareBackends: 2 },
        { id: 'fabrikam', url: broken.url },
      ],
      defaults: { periodSeconds: 1 },
      cycle: { jitterSeconds: 0, recheckSeconds: 0 },
      controlUrls: [],
    };
    await using app = startAppHost(['functions.mjs'], {
      folder,
      environment: {
        ...SCHEDULES,
        SCEPWATCH_CONFIG: JSON.stringify(config),
        SCEPWATCH_STORAGE_CONNECTION_STRING: azurite.connectionString,
      },
    });
    const [, url = ''] = await app.saying(/running at (\S+)/);
    await app.saying(/cycle completed id=\S+ .*committed=2/);
    const { status, body } = await health(url);
    expect([status, body]).toMatchObject([200, { status: 'pass', lastCycle: { failed: 0 }, targets: { unknown: 0 } }]);
    const store = storeOf({ table: 'scepwatch', connectionString: azurite.connectionString });
    const { summaries, problems } = await store.readFleet();
    expect(problems).toEqual([]);
    expect(summaries.map(({ id, verdict }) => `${id} ${verdict.code}`)).toEqual(['contoso healthy', 'fabrikam ndes-app-pool-stopped']);
    app.kill('SIGTERM');
    expect(await app.exited).toBe(0);
    expect(app.stderr()).not.toMatch(/left out of the bundle|error /);
    await azurite.close();
  });

  it('says in health that there is no identity', async () => {
    const { status, body } = await healthWithIdentity(['functions.mjs', 'identity.mjs'], { AZURE_TOKEN_CREDENTIALS: 'AzureCliCredential' });
    expect([status, body.status]).toEqual([503, 'fail']);
    expect(body.output).toMatch(/storage: .*no token for the identity \(Azure CLI could not be found\./);
  });

  it('says in health that its identity gets no token, and nothing of its secret', async () => {
    await using identityService = await startIdentityService();
    const { status, body, said } = await healthWithIdentity(['functions.mjs', 'identity.mjs'], {
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      IDENTITY_ENDPOINT: identityService.url,
      IDENTITY_HEADER: SECRET,
    });
    expect(identityService.secrets()).toContain(SECRET);
    expect([status, body.status]).toEqual([503, 'fail']);
    expect(body.output).toMatch(/storage: .*no token for the identity \(ManagedIdentityCredential/);
    expect(said).not.toContain(SECRET);
  });

  it('says in health that the code of the identity is not there', async () => {
    const { status, body } = await healthWithIdentity(['functions.mjs'], {});
    expect([status, body.status]).toEqual([503, 'fail']);
    expect(body.output).toMatch(/storage: no identity can be used: .*identity\.mjs/);
  });
});

const SECRET = 'hunter2hunter2';

interface IdentityService extends AsyncDisposable {
  readonly url: string;
  /** What it was shown. */
  readonly secrets: () => readonly unknown[];
}

/** That of a function app to which nobody has given an identity. */
async function startIdentityService(): Promise<IdentityService> {
  const secrets: unknown[] = [];
  const server = createServer((request, response) => {
    secrets.push(request.headers['x-identity-header']);
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"statusCode":400,"message":"No Managed Identity found"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}/msi/token`,
    secrets: () => secrets,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Told extends Health {
  /** All that left the process. */
  readonly said: string;
}

/** The health of an app with these files whose tables are in Azure. Nothing is sent there without a token. */
async function healthWithIdentity(files: readonly string[], identity: Readonly<Record<string, string>>): Promise<Told> {
  const folder = deployed(files);
  const environment = {
    ...SCHEDULES,
    SCEPWATCH_TARGET_URLS: 'https://ndes.contoso.com/certsrv/mscep/mscep.dll',
    SCEPWATCH_STORAGE_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net',
    // Nobody is asked who may be logged in here.
    PATH: folder,
    ...identity,
  };
  await using app = startAppHost(['functions.mjs'], { folder, environment });
  const [, url = ''] = await app.saying(/running at (\S+)/);
  const answer = await health(url);
  expect(answer.body.output).not.toMatch(/\n|left out of the bundle/);
  return { ...answer, said: answer.text + app.stdout() + app.stderr() };
}
