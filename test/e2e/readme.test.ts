import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REASONS } from '../../src/core/monitor/reason.ts';
import { scepwatch } from '../support/scepwatch.ts';

const ROOT = join(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };

/** What differs from run to run: ports, dates, durations, the machine's name, and where lines break because of them. */
function timeless(output: string): string {
  return output
    .replace(/localhost:\d+/g, 'localhost:PORT')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\d/g, 'DAY')
    .replace(/[\d.]+[\s\u00a0]m?s\b/g, 'DURATION')
    .replace(/seen from \S+/, 'seen from HERE')
    .replace(/\d+ days left/g, 'N days left')
    .replace(/\s+/g, ' ')
    .trim();
}

describe('the documentation', () => {
  it('has every reason with its meaning', () => {
    const text = readFileSync(join(ROOT, 'docs/monitor.md'), 'utf8');
    for (const [reason, meaning] of Object.entries(REASONS)) expect(text).toContain(`| \`${reason}\` | ${meaning} |`);
  });
});

describe('the README', () => {
  it('shows what its first command really prints', async () => {
    const shown = /<!-- demo:.*?-->\n```text\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
    expect(README).toContain('npm ci && npm run demo');
    expect(README).toContain('npm ci && npm start');
    const [, ...args] = (MANIFEST.scripts.demo ?? '')
      .split(' src/cli/scepwatch.mjs ')
      .flatMap((part, index) => (index === 0 ? [part] : part.split(' ')));
    const { stdout, code } = await scepwatch(args);
    expect(code).toBe(2);
    expect(timeless(shown)).toBe(timeless(stdout));
  });

  it('names only scripts and files that exist', () => {
    const scripts = [...README.matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(([, name]) => name ?? '');
    expect(scripts.filter((name) => MANIFEST.scripts[name] === undefined)).toEqual([]);
    const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path ?? '');
    expect(links.length).toBeGreaterThan(5);
    for (const path of links) expect(() => readFileSync(join(ROOT, path)), path).not.toThrow(/ENOENT/);
  });

  it('names only options that probe has', async () => {
    const { stdout } = await scepwatch(['probe', '--help']);
    const options = new Set([...README.matchAll(/scepwatch probe [^`|]*?(--[a-z-]+)/g)].map(([, option]) => option ?? ''));
    expect([...options].filter((option) => !stdout.includes(option))).toEqual([]);
  });
});
