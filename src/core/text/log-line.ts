import { printable } from './printable.ts';

const MAX_VALUE = 500;

/** `message key=value key="two words"`: one line, whatever is in the values, that people can read and `grep` can find. */
export function logLine(message: string, fields: Readonly<Record<string, string | number | boolean | undefined>> = {}): string {
  const told = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${shown(value)}`]));
  return [message, ...told].join(' ');
}

function shown(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const text = printable(value, MAX_VALUE);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
