import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';

function problems(text: string): readonly string[] {
  const loaded = parseConfig(text);
  return loaded.ok
    ? []
    : loaded.problems.map(({ setting, line, column, message }) => `${line ?? '-'}:${column ?? '-'} ${setting}: ${message}`);
}

const GOOD = '{ "targets": [ { "id": "a", "url": "https://ndes.contoso.com/certsrv/mscep/mscep.dll" } ] }';

describe('a configuration', () => {
  it('may be JSON or YAML', () => {
    expect(problems(GOOD)).toEqual([]);
    expect(
      problems('targets:\n  - id: a\n    url: https://ndes.contoso.com/certsrv/mscep/mscep.dll\n    dialects: [ios, android]\n'),
    ).toEqual([]);
  });

  it.each([
    ['', /^-:- : is empty; the least that it needs is/],
    ['# nothing but a comment\n', /^-:- : is empty/],
    ['{ "targets": [', /^1:\d+ : /],
    ['{ "targets": [] }', /^1:14 targets: name at least one target$/],
    ['{}', /^1:1 targets: is missing; it takes a list$/],
    ['[]', /^1:1 : takes a group of settings/],
    ['{ "targets": [ { "id": "a" } ] }', /^1:16 targets\[0\]\.url: is missing; it takes a text$/],
    ['{ "targets": [ { "id": 7, "url": "https://x/y" } ] }', /^1:24 targets\[0\]\.id: takes a text; expected string, received number$/],
    ['{ "targets": [ { "id": "Höhle", "url": "https://x/y" } ] }', /^1:24 targets\[0\]\.id: an id is 1 to 63 lower-case letters/],
    ['{ "targets": [ { "id": "a", "url": "https://x/mscep_admin/" } ] }', /^1:36 targets\[0\]\.url: the URL is the NDES admin page/],
    [
      '{ "targets": [ { "id": "a", "url": "https://u:hunter2@x/y" } ] }',
      /^1:36 targets\[0\]\.url: the URL carries a user name or password/,
    ],
    [
      '{ "targets": [ { "id": "a", "url": "https://x/y", "dialct": [] } ] }',
      /^1:51 targets\[0\]\.dialct: is no setting; did you mean dialects\?$/,
    ],
    [
      '{ "targets": [ { "id": "a", "url": "https://x/y", "zzzz": 1 } ] }',
      /targets\[0\]\.zzzz: is no setting; known here: id, name, tenant, url, /,
    ],
    [
      '{ "defaults": { "timeout": 5 }, "targets": [ { "id": "a", "url": "https://x/y" } ] }',
      /^1:17 defaults\.timeout: is no setting; did you mean timeoutMs\?$/,
    ],
    [
      '{ "targets": [ { "id": "a", "url": "https://x/y", "caPins": ["abc"] } ] }',
      /targets\[0\]\.caPins\[0\]: a fingerprint is 40 \(SHA-1\) or 64 \(SHA-256\) hexadecimal digits$/,
    ],
    [
      'targets:\n  - id: a\n    url: https://x/y\n  - id: a\n    url: https://x/z\n',
      /^4:9 targets\[1\]\.id: "a" is already the id of targets\[0\]/,
    ],
    ['targets:\n  - id: a\n    id: b\n    url: https://x/y\n', /^3:5 : /],
  ])('%j is refused with its place and what would be right', (text, says) => {
    const found = problems(text);
    expect(found[0]).toMatch(says);
    expect(found.join()).not.toContain('hunter2');
  });

  it('has every problem named at once', () => {
    expect(problems('{ "targets": [ { "id": "A", "url": "x", "longUrlBytes": 5, "timeoutMs": 1.5 } ], "targetz": 1 }')).toHaveLength(5);
  });

  it('survives an alias bomb', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`).join('\n')}\n`;
    expect(() => parseConfig(bomb)).not.toThrow();
    expect(parseConfig(bomb).ok).toBe(false);
  });
});
