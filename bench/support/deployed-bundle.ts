import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundle } from '../../infra/bundle.ts';
import { SCHEDULES } from './schedules.ts';

export interface DeployedBundle {
  /** Arguments for Node: the file is loaded, and every function registers. */
  readonly load: readonly string[];
  /** The same, and then one of them is called; exit 1 when its answer is not 200. */
  readonly call: (name: string) => readonly string[];
  readonly functionsBytes: number;
  readonly identityBytes: number;
}

/** What stands in the place of identity.mjs ends a process that loads it with this. */
const IDENTITY_LOADED = 86;

/**
 * The files that are deployed, in `folder`, with a little program that does what the worker of Azure Functions does: hand out its core, with which
 * the library registers for real, and import the entry. A process that loads the identity library does not end in order.
 */
export async function deployBundle(folder: string): Promise<DeployedBundle> {
  const files = await bundle(folder);
  const bytesOf = (name: string): number => {
    const file = files.find(({ path }) => path.endsWith(name));
    if (file === undefined) throw new Error(`the bundle has no ${name}`);
    return statSync(file.path).size;
  };
  const [functionsBytes, identityBytes] = [bytesOf('functions.mjs'), bytesOf('identity.mjs')];
  writeFileSync(join(folder, 'identity.mjs'), `process.exit(${IDENTITY_LOADED});`);
  // Built, because stripping its types would take longer than what is measured.
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/runner/functions-core.ts')],
    outfile: join(folder, 'core.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  const worker = join(folder, 'worker.mjs');
  writeFileSync(worker, WORKER);
  checkIdentityTrap(worker);
  return { load: [worker], call: (name) => [worker, name], functionsBytes, identityBytes };
}

const WORKER = `import { collectRegistrations } from './core.mjs';
const { functions, hooks } = await collectRegistrations(() => import('./functions.mjs'), () => {});
const names = functions.map(({ name }) => name);
if (!['health', 'housekeeping', 'probe'].every((name) => names.includes(name)) || hooks.size === 0) throw new Error('registered: ' + names);
const wanted = process.argv[2];
if (wanted !== undefined) {
  const log = () => {};
  const context = { debug: log, info: log, warn: log, error: console.error };
  const answer = await functions.find(({ name }) => name === wanted).handler({ isPastDue: false }, context);
  if (answer !== undefined && answer.status !== 200) throw new Error(answer.body);
}
`;

/** Proof that loading it would show: with an endpoint instead of a connection string it is needed. */
function checkIdentityTrap(worker: string): void {
  const { status, stderr } = spawnSync(process.execPath, [worker, 'health'], {
    encoding: 'utf8',
    env: {
      ...SCHEDULES,
      SCEPWATCH_TARGET_URLS: 'https://localhost/certsrv/mscep/mscep.dll',
      SCEPWATCH_STORAGE_TABLE_ENDPOINT: 'https://localhost',
    },
  });
  if (status !== IDENTITY_LOADED) throw new Error(`the identity was wanted and not loaded: ended with ${status}: ${stderr}`);
}
