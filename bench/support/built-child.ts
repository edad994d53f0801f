import { join } from 'node:path';
import { build } from 'esbuild';
import { leanPlugins } from '../../infra/bundle.ts';

/** Bundles one of our child programs as the functions are bundled for deployment, and answers its path: run from source, Node's type stripper would be measured too. */
export async function builtChild(file: string, folder: string): Promise<string> {
  const outfile = join(folder, file.replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [join(import.meta.dirname, '..', file)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    logLevel: 'error',
    banner: { js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);" },
    define: { esbuildDetection: 'true' },
    external: ['@azure/identity'],
    plugins: leanPlugins(),
  });
  return outfile;
}
