import { readFileSync } from 'node:fs';
import { isMap, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { nearest } from '../core/text/nearest.ts';
import { printable } from '../core/text/printable.ts';
import { Config } from './schema.ts';

/** One thing to put right. */
export interface ConfigProblem {
  /** `targets[0].url`; empty for the file as a whole. */
  readonly setting: string;
  /** 1-based; absent when the place is not known. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Reads a configuration file, JSON or YAML. Every problem is reported at once. */
export function loadConfigFile(path: string): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return failed([{ setting: '', message: code === 'ENOENT' ? 'no such file' : `cannot be read (${code})` }]);
  }
  if (text.length > MAX_CONFIG_BYTES)
    return failed([{ setting: '', message: `is larger than ${MAX_CONFIG_BYTES / 1024 / 1024} MB; that is no configuration` }]);
  return parseConfig(text);
}

/** Parses and checks configuration text, JSON or YAML (which contains JSON). */
export function parseConfig(text: string): LoadedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return failed(
      document.errors.map(({ message, pos }) => {
        const { line, col } = lines.linePos(pos[0]);
        return { setting: '', line, column: col, message: printable(message) };
      }),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // Aliases of aliases of aliases: a few lines can stand for gigabytes.
    return failed([{ setting: '', message: printable(error instanceof Error ? error.message : 'cannot be read') }]);
  }
  if (value === null || value === undefined)
    return failed([{ setting: '', message: 'is empty; the least that it needs is { "targets": [ { "id": "…", "url": "https://…" } ] }' }]);
  const parsed = Config.safeParse(value);
  if (parsed.success) return { ok: true, config: parsed.data };

  const place = (path: readonly PropertyKey[], key?: string): Pick<ConfigProblem, 'line' | 'column'> => {
    const offset = offsetOf(document, path, key);
    if (offset === undefined) return {};
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  return failed(parsed.error.issues.flatMap((issue) => problemsOf(issue, place)));
}

function failed(problems: readonly ConfigProblem[]): LoadedConfig {
  return { ok: false, problems };
}

type Place = (path: readonly PropertyKey[], key?: string) => Pick<ConfigProblem, 'line' | 'column'>;

function problemsOf(issue: z.core.$ZodIssue, place: Place): readonly ConfigProblem[] {
  if (issue.code === 'invalid_type') {
    const wanted = KINDS[issue.expected] ?? issue.expected;
    // zod reports a missing key as a value of the wrong type.
    const missing = issue.message.endsWith('received undefined');
    const message = missing ? `is missing; it takes ${wanted}` : `takes ${wanted}; ${issue.message.replace(/^Invalid input: /, '')}`;
    return [{ setting: settingName(issue.path), ...place(issue.path), message: printable(message, 400) }];
  }
  if (issue.code !== 'unrecognized_keys')
    return [{ setting: settingName(issue.path), ...place(issue.path), message: printable(issue.message, 400) }];
  return issue.keys.map((key) => {
    const [close] = nearest(key, knownKeys(issue.path), 1);
    return {
      setting: settingName([...issue.path, key]),
      ...place(issue.path, key),
      message:
        close === undefined ? `is no setting; known here: ${knownKeys(issue.path).join(', ')}` : `is no setting; did you mean ${close}?`,
    };
  });
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a group of settings',
};

function settingName(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${printable(String(part), 60)}`))
    .join('');
}

/** The keys that the schema knows at a place. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = Config;
  for (const part of path) {
    const inner = unwrapped(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodObject) schema = inner.shape[String(part)];
  }
  const found = unwrapped(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}

function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[], key: string | undefined): number | undefined {
  // A missing setting has no place of its own; the nearest thing that holds it has.
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      const range = rangeOf(pair?.key);
      if (range !== undefined) return range;
    }
    const range = rangeOf(node);
    if (range !== undefined) return range;
  }
  return undefined;
}

function rangeOf(node: unknown): number | undefined {
  const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
