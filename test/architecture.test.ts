import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

interface Room {
  /** Folder or file below the root. */
  readonly place: string;
  /** Folders and files below the root that it may import from, besides itself. */
  readonly own: readonly string[];
  /** Packages and Node modules; `node:` stands for all of Node's. */
  readonly foreign: readonly string[];
}

/** Arrows only point downwards; the first room that fits a file is its room. CONTRIBUTING.md explains why. */
const ROOMS: readonly Room[] = [
  { place: 'src/core', own: [], foreign: [] },
  { place: 'src/app', own: ['src/core'], foreign: [] },
  { place: 'src/certificate', own: ['src/core'], foreign: ['node:'] },
  { place: 'src/probe', own: ['src/core', 'src/app', 'src/certificate', 'src/version.ts'], foreign: ['node:', 'undici'] },
  {
    place: 'src/store',
    own: ['src/core', 'src/app'],
    foreign: ['node:', 'zod', '@azure/data-tables', '@azure/core-rest-pipeline', '@azure/identity'],
  },
  { place: 'src/config', own: ['src/core', 'src/app'], foreign: ['node:', 'zod', 'yaml'] },
  // True to domain knowledge, not to our own parser: of our code it knows only the list of codes and how to find a near word.
  { place: 'src/simulator', own: ['src/core/verdict/code.ts', 'src/core/text'], foreign: ['node:'] },
  { place: 'src/compose.ts', own: ['src/app', 'src/certificate', 'src/probe'], foreign: [] },
  { place: 'src/embedded-storage.ts', own: [], foreign: [] },
  { place: 'src/invocation-log.ts', own: ['src/core', 'src/app'], foreign: ['@azure/functions'] },
  // What every function loads at the start of a worker: the heavy half is imported with the first call.
  { place: 'src/compose-monitor.ts', own: ['src/core/render', 'src/app', 'src/config', 'src/create-monitor.ts'], foreign: [] },
  {
    place: 'src/create-monitor.ts',
    own: ['src/app', 'src/config', 'src/store', 'src/compose.ts', 'src/compose-monitor.ts', 'src/embedded-storage.ts', 'src/version.ts'],
    foreign: ['node:'],
  },
  { place: 'src/runner', own: ['src/core', 'src/config', 'src/simulator', 'src/embedded-storage.ts'], foreign: ['node:'] },
  { place: 'src/version.ts', own: ['package.json'], foreign: [] },
  { place: 'src/diagnose', own: ['src/core'], foreign: ['node:'] },
  {
    place: 'src/cli',
    own: [
      'src/core',
      'src/app',
      'src/config',
      'src/store',
      'src/diagnose',
      'src/runner',
      'src/simulator',
      'src/compose.ts',
      'src/compose-monitor.ts',
      'src/create-monitor.ts',
      'src/version.ts',
    ],
    foreign: ['node:', 'commander', 'zod'],
  },
  {
    place: 'functions',
    own: [
      'src/app',
      'src/core/render',
      'src/diagnose/answer-diagnosis.ts',
      'src/compose-monitor.ts',
      'src/invocation-log.ts',
      'src/version.ts',
    ],
    foreign: ['@azure/functions'],
  },
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/gm;

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, type, statement, dynamic]) => {
    const to = statement ?? dynamic ?? '';
    const resolved = to.startsWith('.') ? normalize(join(dirname(file), to)).replaceAll('\\', '/') : to;
    return { from: file, to: resolved, typeOnly: type !== undefined };
  });
}

const FILES = globSync('{src,functions}/**/*.{ts,mjs}', { cwd: ROOT }).map((file) =>
  relative(ROOT, join(ROOT, file)).replaceAll('\\', '/'),
);
const IMPORTS = FILES.flatMap(importsOf);

function within(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function isAllowed({ from, to }: Import): boolean {
  const room = ROOMS.find(({ place }) => within(from, place));
  if (room === undefined) return false;
  if (/^(?:src|functions)\//.test(to) || to.endsWith('.json')) return within(to, room.place) || room.own.some((place) => within(to, place));
  return room.foreign.some((name) => (name === 'node:' ? to.startsWith('node:') : to === name));
}

describe('the architecture', () => {
  it('has a room for every file', () => {
    expect(FILES.filter((file) => !ROOMS.some(({ place }) => within(file, place)))).toEqual([]);
    expect(FILES.length).toBeGreaterThan(50);
  });

  it('lets imports only point downwards', () => {
    expect(IMPORTS.filter((one) => !isAllowed(one)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('sees an import that is not allowed', () => {
    expect(isAllowed({ from: 'src/core/scep/roles.ts', to: 'undici', typeOnly: false })).toBe(false);
    expect(isAllowed({ from: 'src/core/scep/roles.ts', to: 'src/probe/dial.ts', typeOnly: false })).toBe(false);
    expect(isAllowed({ from: 'src/simulator/server.ts', to: 'src/core/http/decode-body.ts', typeOnly: false })).toBe(false);
  });

  it('has no import cycle at run time', () => {
    const edges = Map.groupBy(
      IMPORTS.filter(({ typeOnly, to }) => !typeOnly && to.startsWith('src/')),
      ({ from }) => from,
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const { to } of edges.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of FILES) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('keeps the tests out of the product', () => {
    expect(IMPORTS.filter(({ to }) => /^(?:test|bench)\//.test(to))).toEqual([]);
  });

  it('calls no clock and no chance in core', () => {
    const impure = FILES.filter(
      (file) =>
        within(file, 'src/core') &&
        /\bDate\.now\(|new Date\(\)|Math\.random\(|performance\.now\(/.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(impure).toEqual([]);
  });
});
