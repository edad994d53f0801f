import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMissing, installMissing } from './support/system-packages.ts';

const ROOT = join(import.meta.dirname, '..');
const PROJECTS = ['unit', 'integration', 'e2e', 'fuzz'] as const;
type Project = (typeof PROJECTS)[number];
const PARTS = ['verify', ...PROJECTS] as const;
type Part = (typeof PARTS)[number];

const USAGE = `Usage: node test/run.ts [--only PART …]      (or: npm test -- --only PART …)

Runs the whole gate, goes on after a failure, and ends with the line "N passed, N failed" (and ", N skipped" if any).
Exit code 0 if nothing failed, 1 if something did, 2 for a wrong option.

Parts, in this order:
  verify        biome ci, tsc, and that the generated documentation is up to date
  unit          tests without sockets or other programs
  integration   tests against real servers on 127.0.0.1
  e2e           tests of the command line as a child process
  fuzz          random input, a short run (npm run fuzz makes the long one)

integration and e2e need scepserver, nginx and openssl. Where this runs as root on Debian or Ubuntu, apt-get installs the missing
ones first; elsewhere their tests are skipped and listed with the command that installs them. With CI=true a missing one is a failure.
`;

interface Skip {
  readonly what: string;
  readonly reason: string;
}

interface Outcome {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly skips: readonly Skip[];
}

interface Step {
  readonly title: string;
  readonly run: () => Promise<Outcome>;
}

function stepsOf(parts: ReadonlySet<Part>): Step[] {
  const steps: Step[] = [];
  if (parts.has('integration') || parts.has('e2e')) steps.push({ title: 'system packages', run: systemPackages });
  if (parts.has('verify')) {
    steps.push(
      { title: 'biome ci', run: () => check('biome ci', 'node_modules/@biomejs/biome/bin/biome', 'ci') },
      { title: 'tsc', run: () => check('tsc', 'node_modules/typescript/bin/tsc') },
      { title: 'generated documentation', run: documentation },
    );
  }
  for (const project of PROJECTS) if (parts.has(project)) steps.push({ title: `${project} tests`, run: () => tests(project) });
  return steps;
}

const PASSED: Outcome = { passed: 1, failures: [], skips: [] };
const NOTHING: Outcome = { passed: 0, failures: [], skips: [] };
const failed = (what: string): Outcome => ({ ...NOTHING, failures: [what] });

async function systemPackages(): Promise<Outcome> {
  const missing = await installMissing();
  if (missing.length === 0) {
    console.log('scepserver, nginx and openssl are there');
    return PASSED;
  }
  const reason = describeMissing(missing);
  console.log(reason);
  return process.env.CI === 'true' ? failed(reason) : { ...NOTHING, skips: [{ what: 'system packages', reason }] };
}

/** This very Node and the tool's own JavaScript file: no shell, no PATH, the same on Windows. */
async function node(...args: string[]): Promise<number | string> {
  const [code, signal] = await once(spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }), 'close');
  return code ?? signal;
}

async function check(what: string, file: string, ...args: string[]): Promise<Outcome> {
  return (await node(join(ROOT, file), ...args)) === 0 ? PASSED : failed(what);
}

async function documentation(): Promise<Outcome> {
  if (!existsSync(join(ROOT, 'docs/generate.ts'))) {
    console.log('there is no docs/generate.ts');
    return NOTHING;
  }
  return check('generated documentation', 'docs/generate.ts', '--check');
}

async function tests(project: Project): Promise<Outcome> {
  if (globSync(`test/${project}/**/*.test.ts`, { cwd: ROOT }).length === 0) {
    console.log(`there is no test file in test/${project}`);
    return NOTHING;
  }
  const report = join(ROOT, '.cache', `test-${project}.json`);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(report, { force: true });
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ended = await node(vitest, 'run', '--project', project, ...reporters);
  if (!existsSync(report)) {
    return failed(`${project} tests: vitest ended with ${ended} and left no report`);
  }
  const outcome = readOutcome(readReport(report));
  if (outcome.failures.length > 0) return outcome;
  if (outcome.passed + outcome.skips.length === 0) return failed(`${project} tests: the report has no test in it`);
  if (ended === 0) return outcome;
  return { ...outcome, failures: [`${project} tests: vitest ended with ${ended} although no test failed; its errors are above`] };
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly meta: { readonly skipReason?: string };
    }[];
  }[];
}

/** The format is vitest's own and its version is pinned. */
const readReport = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Report;

function readOutcome(report: Report): Outcome {
  let passed = 0;
  const failures: string[] = [];
  const skips: Skip[] = [];
  for (const file of report.testResults) {
    const fileName = relative(ROOT, file.name);
    const failuresBefore = failures.length;
    for (const test of file.assertionResults) {
      const what = `${fileName}: ${test.fullName}`;
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') failures.push(what);
      else skips.push({ what, reason: test.meta.skipReason ?? reasonFor(test.status, file.status) });
    }
    // A file that does not load, or whose hook fails, has no failed test to count.
    if (file.status === 'failed' && failures.length === failuresBefore) failures.push(`${fileName}: did not load, or a hook failed`);
  }
  return { passed, failures, skips };
}

function reasonFor(testStatus: string, fileStatus: string): string {
  if (testStatus === 'todo') return 'to do';
  return fileStatus === 'failed' ? 'no reason given; perhaps a hook of its file failed' : 'no reason given; see the output of its part';
}

const seconds = (startMs: number) => `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
const inWords = ({ passed, failures, skips }: Outcome) =>
  `${passed} passed, ${failures.length} failed${skips.length > 0 ? `, ${skips.length} skipped` : ''}`;

const listFailures = (failures: readonly string[]) => (failures.length === 0 ? [] : ['', '=== failed', ...failures]);

/** By reason, as one missing program skips many tests. */
function listSkips(skips: readonly Skip[]): string[] {
  if (skips.length === 0) return [];
  const byReason = Object.entries(Object.groupBy(skips, ({ reason }) => reason));
  return ['', '=== skipped', ...byReason.flatMap(([reason, group = []]) => [reason, ...group.map(({ what }) => `  ${what}`)])];
}

function readParts(argv: string[]): ReadonlySet<Part> | 'help' | { readonly problem: string } {
  try {
    const options = { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    if (values.help) return 'help';
    if (values.only === undefined && positionals[0] !== undefined) return { problem: `unexpected ${positionals[0]}` };
    const named = [...(values.only ?? []), ...positionals];
    const unknown = named.find((name) => !PARTS.some((part) => part === name));
    if (unknown !== undefined) return { problem: `there is no part ${unknown}` };
    return new Set(PARTS.filter((part) => named.length === 0 || named.includes(part)));
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

async function runGate(parts: ReadonlySet<Part>): Promise<number> {
  const lines: string[] = [];
  const total = { passed: 0, failures: [] as string[], skips: [] as Skip[] };
  for (const { title, run } of stepsOf(parts)) {
    console.log(`\n=== ${title}`);
    const start = performance.now();
    const outcome = await run();
    const line = `${title}: ${inWords(outcome)} (${seconds(start)})`;
    console.log(`--- ${line}`);
    lines.push(line);
    total.passed += outcome.passed;
    total.failures.push(...outcome.failures);
    total.skips.push(...outcome.skips);
  }
  console.log(['', '=== summary', ...lines, ...listFailures(total.failures), ...listSkips(total.skips), '', inWords(total)].join('\n'));
  return total.failures.length > 0 ? 1 : 0;
}

const parts = readParts(process.argv.slice(2));
if (parts === 'help') console.log(USAGE);
else if ('problem' in parts) {
  console.error(`${parts.problem}\n\n${USAGE}`);
  process.exitCode = 2;
} else process.exitCode = await runGate(parts);
