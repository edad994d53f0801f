import { createRequire, isBuiltin } from 'node:module';
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
 * and beside it what few calls need: @azure/identity, which only a monitor without a connection string ever loads, and the parsers of logs. `folder` is
 * made if it is not there.
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
    // CommonJS packages inside an ES module still call require, and so do the modules of lazyBuiltins.
    banner: { js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);" },
    // With it undici leaves out its experimental parser, as it does for Node's own copy of it.
    define: { esbuildDetection: 'true' },
    absWorkingDir: ROOT,
    logLevel: 'error',
  } as const;
  const functions = await build({
    ...shared,
    entryPoints: { functions: 'functions/main.ts' },
    // The worker hands it out; it is no package.
    external: ['@azure/functions-core'],
    plugins: [identityBeside(), diagnoseBeside(), ...leanPlugins()],
  });
  const identity = await build({ ...shared, entryPoints: { identity: 'infra/identity.ts' }, plugins: [lazyBuiltins()] });
  const diagnose = await build({ ...shared, entryPoints: { diagnose: DIAGNOSE }, plugins: [lazyBuiltins()] });
  return [functions, identity, diagnose].flatMap(({ metafile }) =>
    Object.entries(metafile.outputs).map(([path, { bytes }]) => ({ path: join(ROOT, path), bytes })),
  );
}

const DIAGNOSE = 'src/diagnose/answer-diagnosis.ts';

/** The parsers of logs, which no cycle and no health read needs. */
function diagnoseBeside(): Plugin {
  return {
    name: 'diagnose beside the entry',
    setup: ({ onResolve }) => {
      onResolve({ filter: /\/diagnose\/answer-diagnosis\.ts$/ }, ({ kind }) =>
        kind === 'dynamic-import' ? { path: './diagnose.mjs', external: true } : undefined,
      );
    },
  };
}

/** What the bundle leaves out and puts off. */
export function leanPlugins(): Plugin[] {
  return [lazyBuiltins(), leanUndici(), leanAzure()];
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

/**
 * Modules of Node are loaded when the code that needs them first runs. An `import` of one would stand at the top of the file and read every property
 * that the module has, and some of those load a good deal: that of node:http loads Node's own undici, that of node:process opens the standard input.
 */
function lazyBuiltins(): Plugin {
  return {
    name: 'lazy builtins',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
        kind === 'import-statement' && isBuiltin(path) ? { path: path.replace(/^(node:)?/, 'node:'), namespace: 'builtin' } : undefined,
      );
      onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = require(${JSON.stringify(path)});` }));
    },
  };
}

/**
 * Of undici only its client is used, for GET requests without a body over sockets that speak HTTP/1.1 (their TLS offers nothing else), and
 * of its parsers in WebAssembly only the one that Node 24 takes on every processor it runs on. What only bodies and HTTP/2 need stays out.
 */
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
      onLoad({ filter: /undici[\\/]lib[\\/]llhttp[\\/]llhttp-wasm\.js$/ }, () => ({ contents: missing("undici's parser without SIMD") }));
      // Loaded at the first request whose body is a form.
      onLoad({ filter: /undici[\\/]lib[\\/]web[\\/]/ }, () => ({ contents: missing("undici's fetch") }));
      // Loaded at once, called for a socket that has agreed on h2.
      onLoad({ filter: /undici[\\/]lib[\\/]dispatcher[\\/]client-h2\.js$/ }, () => ({
        contents: `module.exports = () => { ${missing("undici's HTTP/2")} };`,
      }));
    },
  };
}

/** Of the libraries of Azure what table requests need. */
function leanAzure(): Plugin {
  return {
    name: 'lean Azure',
    setup: ({ onResolve, onLoad }) => {
      // Rows travel as JSON; XML is only for the properties of an account and access policies, which nobody asks for. Whatever answers an error in
      // XML all the same (a proxy, the front end) is understood by its status, header and text: see `serviceCode` in src/store/tables/failure.ts. A list
      // that came as XML would be one of a row without a key, which is refused.
      onLoad({ filter: /core-xml[\\/]dist[\\/]esm[\\/]xml\.js$/ }, () => ({
        contents: `export async function parseXML() { return { value: [{}] }; }\nexport function stringifyXML() { ${missing('XML')} }`,
      }));
      // Agents for proxies tell what they do, when asked; Node can be asked too (NODE_DEBUG=https-proxy-agent), in 50 bytes instead of 10,000.
      onResolve({ filter: /^debug$/ }, () => ({ path: 'debug', namespace: 'lean' }));
      onLoad({ filter: /^debug$/, namespace: 'lean' }, () => ({ contents: "module.exports = require('node:util').debuglog;" }));
    },
  };
}

/** A statement for the place of code that cannot be reached; should it be, the error says what to change. */
function missing(what: string): string {
  return `throw new Error(${JSON.stringify(`${what} is left out of the bundle by infra/bundle.ts`)});`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: join(ROOT, 'dist') }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true)
    console.log('Usage: node infra/bundle.ts [--out FOLDER]\n\nBundles the functions for deployment; FOLDER is dist when absent.');
  else for (const { path, bytes } of await bundle(values.out)) console.log(`${path}  ${(bytes / 1_024).toFixed(0)} KB`);
}
