import { describe, expect, it } from 'vitest';
import { verdictsMarkdown } from '../../../src/core/render/verdicts-markdown.ts';
import { VERDICT_CODES } from '../../../src/core/verdict/code.ts';

const page = verdictsMarkdown();

describe('the page of verdicts', () => {
  it('has one section for each code, in the order of the decision table', () => {
    expect([...page.matchAll(/^### (.+)$/gm)].map((match) => match[1])).toEqual([...VERDICT_CODES]);
  });

  it('has one row for each code, with as many cells as the head', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| [`'));
    expect(rows).toHaveLength(VERDICT_CODES.length);
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
  });

  it('links only to headings that exist', () => {
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]?.toLowerCase().replaceAll(' ', '-'));
    for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor);
  });

  it('says that it is generated, and from what', () => {
    expect(page.split('\n')[0]).toContain('Generated from src/core/verdict/catalog.ts by docs/generate.ts');
  });

  it('escapes markup in running text and leaves code spans alone', () => {
    expect(page).toContain('IIS\\_IUSRS lacks the right');
    expect(page).toContain('`Get-Childitem -Path cert:\\LocalMachine\\root -Recurse | Where-Object {$_.Issuer -ne $_.Subject}`');
  });
});
