import type { RowValue, StoredRow } from './rows.ts';

type Values = Readonly<Record<string, RowValue>>;

/**
 * The values of a row as every store keeps them: no `undefined`, no negative zero, and text without halves of characters (a half
 * becomes U+FFFD, because UTF-8 has no way to send it). A frozen copy, so that no caller can change what is stored.
 */
export function storedValues(values: Values): Values {
  return Object.freeze(Object.fromEntries(Object.entries(values).flatMap(([name, value]) => storedEntry(name, value))));
}

function storedEntry(name: string, value: RowValue): readonly (readonly [string, RowValue])[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [[name, value.toWellFormed()]];
  return [[name, Object.is(value, -0) ? 0 : value]];
}

/** Such a number is an Int32 in the table; every other one is a Double. */
export function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}

/** The row with only some of its values. */
export function withColumns(row: StoredRow, columns: readonly string[]): StoredRow {
  return { ...row, values: Object.fromEntries(Object.entries(row.values).filter(([name]) => columns.includes(name))) };
}
