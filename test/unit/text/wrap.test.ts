import { describe, expect, test } from 'vitest';
import { wrap } from '../../../src/core/text/wrap.ts';

describe('wrapped text', () => {
  test.each([
    ['one two three', 20, 0, 'one two three'],
    ['one two three', 7, 0, 'one two\nthree'],
    ['one two three', 8, 2, 'one\n  two\n  three'],
    ['a verylongwordthatdoesnotfit b', 6, 0, 'a\nverylongwordthatdoesnotfit\nb'],
    ['exactly', 7, 0, 'exactly'],
    ['', 10, 4, ''],
  ])('%j in %i columns, indented by %i', (text, width, indent, wrapped) => {
    expect(wrap(text, width, indent)).toBe(wrapped);
  });

  test('keeps to the width, further lines with their indent', () => {
    const text = 'The private network connector could not be reached by the application proxy service within its time limit.';
    for (let width = 20; width <= 80; width++) {
      for (const line of wrap(text, width, 4).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    }
  });
});
