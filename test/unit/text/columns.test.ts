import { describe, expect, test } from 'vitest';
import { columnsOf, fitted, shortened } from '../../../src/core/text/columns.ts';

describe('the columns that text takes', () => {
  test.each([
    ['', 0],
    ['NDES 1', 6],
    ['Zürich', 6],
    ['Zu\u0308rich', 6],
    ['東京 NDES', 9],
    ['한국', 4],
    ['✓ … ─ ╰', 7],
    ['😀', 2],
  ])('%j takes %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });
});

describe('text in a column', () => {
  test.each([
    ['short', 8, 'short   '],
    ['exactly', 7, 'exactly'],
    ['much too long', 8, 'much to…'],
    ['cut at a space', 7, 'cut at…'],
    ['東京東京', 6, '東京… '],
    ['東京東京', 8, '東京東京'],
    ['x', 0, ''],
  ])('%j in %i columns is %j', (text, columns, expected) => {
    expect(fitted(text, columns)).toBe(expected);
    expect(columnsOf(fitted(text, columns))).toBe(columns);
    expect(columnsOf(shortened(text, columns))).toBeLessThanOrEqual(columns);
  });
});
