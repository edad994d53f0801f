import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

export interface BundledFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Makes what is deployed: one entry file with every function in it, because a worker reads one file ten times faster than two thousand,
 * and beside it @azure/identity, which only a monitor that has no connection string ever loads. `folder` is made if it is not there.
 */
export async function bundle(folder: string): Promise<readonly BundledFile[]> {
  const shared = {
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    minify: true,
    legalComments: 'none',
    metafile: true,
    // CommonJS packages inside an ES module still call require.
    banner: { js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);" },
    absWorkingDir: ROOT,
    logLevel: 'error',
  } as const;
  const functions = await build({
    ...shared,
    entryPoints: { functions: 'functions/main.ts' },
    // The worker hands it out; it is no package.
    external: ['@azure/functions-core'],
    plugins: [identityBeside(), leanUndici()],
  });
  const identity = await build({ ...shared, entryPoints: { identity: 'infra/identity.ts' } });
  return [functions, identity].flatMap(({ metafile }) =>
    Object.entries(metafile.outputs).map(([path, { bytes }]) => ({ path: join(ROOT, path), bytes })),
  );
}

/** `await import('@azure/identity')` becomes an import of the file beside. */
function identityBeside(): Plugin {
  return {
    name: 'identity beside the entry',
    setup: ({ onResolve }) => {
      onResolve({ filter: /^@azure\/identity$/ }, () => ({ path: './identity.mjs', external: true }));
    },
  };
}

/** Of undici only its client is used, and of its four parsers in WebAssembly only the one that Node 24 takes on every processor it runs on. */
function leanUndici(): Plugin {
  const require = createRequire(import.meta.url);
  const client = require.resolve('undici/lib/dispatcher/client.js');
  return {
    name: 'lean undici',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^undici$/ }, ({ importer }) =>
        importer.includes('node_modules') ? undefined : { path: 'undici-client', namespace: 'lean' },
      );
      onLoad({ filter: /^undici-client$/, namespace: 'lean' }, () => ({
        contents: `module.exports = { Client: require(${JSON.stringify(client)}) };`,
        resolveDir: ROOT,
      }));
      onLoad({ filter: /undici[\\/]lib[\\/](?:milo[\\/](?:no-)?simd|llhttp[\\/]llhttp-wasm)\.js$/ }, () => ({
        contents: "throw new Error('this parser is not part of the bundle');",
      }));
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: join(ROOT, 'dist') }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true)
    console.log('Usage: node infra/bundle.ts [--out FOLDER]\n\nBundles the functions for deployment; FOLDER is dist when absent.');
  else for (const { path, bytes } of await bundle(values.out)) console.log(`${path}  ${(bytes / 1_024).toFixed(0)} KB`);
}
