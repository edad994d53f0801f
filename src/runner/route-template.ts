/** A route of an HTTP function, as ASP.NET reads it. */
export interface RouteTemplate {
  /** As written, with the prefix of host.json in front. */
  readonly text: string;
  readonly segments: readonly Segment[];
}

export type ParsedRoute = { readonly ok: true; readonly template: RouteTemplate } | { readonly ok: false; readonly problem: string };

/** What stands between two slashes: one literal, one parameter, or several of both as in `{id}.svg`. */
type Segment = readonly Part[];

type Part = { readonly kind: 'literal'; readonly text: string } | Parameter;

interface Parameter {
  readonly kind: 'parameter';
  readonly name: string;
  readonly optional: boolean;
  /** Takes the rest of the path, slashes included. */
  readonly catchAll: boolean;
  readonly preset: string | undefined;
  readonly constraints: readonly Constraint[];
}

type Constraint = (value: string) => boolean;

/** Decoded and without dot segments, ready to be matched. */
export interface RequestPath {
  readonly segments: readonly string[];
  readonly trailingSlash: boolean;
}

/** A part of a template that is wrong; does not leave this file. */
class TemplateProblem extends Error {}

/** Reads a template. What ASP.NET knows and this does not (such as regular expressions) is a problem, and never ignored. */
export function parseRoute(text: string): ParsedRoute {
  try {
    const trimmed = text.replace(/^\//, '').replace(/\/$/, '');
    const segments = trimmed === '' ? [] : trimmed.split('/').map(readSegment);
    checkSegments(segments);
    return { ok: true, template: { text: trimmed, segments } };
  } catch (error) {
    if (error instanceof TemplateProblem) return { ok: false, problem: `the route "${text}" is not understood: ${error.message}` };
    throw error;
  }
}

function readSegment(text: string): Segment {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: whole, 1: parameter, index } of text.matchAll(/\{([^{}]*)\}|[^{}]+/g)) {
    if (index !== end) break;
    end += whole.length;
    parts.push(parameter === undefined ? { kind: 'literal', text: whole } : readParameter(parameter));
  }
  if (end !== text.length || text === '') throw new TemplateProblem(`"${text}" is no segment`);
  return parts;
}

function readParameter(text: string): Parameter {
  const match = /^(\*{0,2})([\w.-]+)((?::\w+(?:\([^()]*\))?)*)(?:=(.*?))?(\?)?$/.exec(text);
  if (match === null) throw new TemplateProblem(`{${text}} is no parameter`);
  const [, stars = '', name = '', constraints = '', preset, question] = match;
  return {
    kind: 'parameter',
    name,
    optional: question !== undefined,
    catchAll: stars !== '',
    preset,
    constraints: [...constraints.matchAll(/:(\w+)(?:\(([^()]*)\))?/g)].map(([, kind = '', given = '']) => constraint(kind, given)),
  };
}

/** Makes a constraint from its numbers, `counts` of which it takes. */
interface ConstraintKind {
  readonly counts: readonly number[];
  readonly make: (first: number, second: number) => Constraint;
}

const CONSTRAINTS: ReadonlyMap<string, ConstraintKind> = new Map<string, ConstraintKind>([
  ['int', { counts: [0], make: () => (value) => isInteger(value) && isWithin(Number(value), -(2 ** 31), 2 ** 31 - 1) }],
  ['alpha', { counts: [0], make: () => (value) => /^[a-z]*$/i.test(value) }],
  ['guid', { counts: [0], make: () => (value) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value) }],
  ['length', { counts: [1, 2], make: (first, second) => (value) => isWithin(value.length, first, second) }],
  ['minlength', { counts: [1], make: (least) => (value) => value.length >= least }],
  ['maxlength', { counts: [1], make: (most) => (value) => value.length <= most }],
  ['min', { counts: [1], make: (least) => (value) => isInteger(value) && Number(value) >= least }],
  ['max', { counts: [1], make: (most) => (value) => isInteger(value) && Number(value) <= most }],
  ['range', { counts: [2], make: (least, most) => (value) => isInteger(value) && isWithin(Number(value), least, most) }],
]);

function constraint(name: string, given: string): Constraint {
  const kind = CONSTRAINTS.get(name.toLowerCase());
  if (kind === undefined) throw new TemplateProblem(`the constraint :${name} is not one of ${[...CONSTRAINTS.keys()].join(', ')}`);
  const numbers = given === '' ? [] : given.split(',').map((one) => (/^\s*-?\d+\s*$/.test(one) ? Number(one) : Number.NaN));
  if (!kind.counts.includes(numbers.length) || numbers.some(Number.isNaN)) throw new TemplateProblem(`:${name}(${given}) has wrong values`);
  const [first = 0, second = first] = numbers;
  return kind.make(first, second);
}

function isWithin(value: number, from: number, to: number): boolean {
  return value >= from && value <= to;
}

function isInteger(value: string): boolean {
  return /^[+-]?\d{1,18}$/.test(value);
}

function checkSegments(segments: readonly Segment[]): void {
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    for (const [place, part] of segment.entries()) {
      if (part.kind === 'literal') continue;
      if (names.has(part.name.toLowerCase())) throw new TemplateProblem(`{${part.name}} is there twice`);
      names.add(part.name.toLowerCase());
      if (segment[place - 1]?.kind === 'parameter') throw new TemplateProblem('two parameters need something between them');
      if (segment.length > 1 && (part.optional || part.catchAll || part.preset !== undefined))
        throw new TemplateProblem(`{${part.name}} may be left out, so it has to stand alone between slashes`);
      if (part.catchAll && index < segments.length - 1) throw new TemplateProblem(`{*${part.name}} takes the rest, so it has to come last`);
    }
  }
}

/**
 * The path of a request target such as `/a/../b%20c?d`: percent-decoded but for `%2F`, then without `.` and `..`.
 * undefined for a target that no web server takes: one that is no path, or with an encoded NUL.
 */
export function requestPath(target: string): RequestPath | undefined {
  const [raw = ''] = target.split(/[?#]/, 1);
  if (!raw.startsWith('/') || /%00/.test(raw)) return undefined;
  const segments: string[] = [];
  const parts = raw
    .slice(1)
    .replace(/(?:%[0-9a-f]{2})+/gi, decodeRun)
    .split('/');
  for (const [index, part] of parts.entries()) {
    const isDots = part === '.' || part === '..';
    if (part === '..') segments.pop();
    if (!isDots) segments.push(part);
    else if (index === parts.length - 1) segments.push('');
  }
  const trailingSlash = segments.at(-1) === '';
  return { segments: trailingSlash ? segments.slice(0, -1) : segments, trailingSlash };
}

/** Escapes that are no UTF-8 stay as they are. */
function decodeRun(run: string): string {
  return run
    .split(/(%2f)/i)
    .map((piece) => {
      if (/^%2f$/i.test(piece)) return piece;
      try {
        return decodeURIComponent(piece);
      } catch {
        return piece;
      }
    })
    .join('');
}

/** The parameters of a path that a template fits, without those that were left out; undefined when it does not fit. */
export function matchRoute({ segments }: RouteTemplate, path: RequestPath): Readonly<Record<string, string>> | undefined {
  const values = new Map<string, string>();
  for (const [index, text] of path.segments.entries()) {
    const segment = segments[index];
    // Two slashes in a row: no template has an empty segment, and not even a catch-all begins with one.
    if (segment === undefined || text === '') return undefined;
    const [part] = segment;
    if (part?.kind === 'parameter' && part.catchAll) {
      values.set(part.name, path.segments.slice(index).join('/') + (path.trailingSlash ? '/' : ''));
      break;
    }
    if (!matchSegment(segment, text, values)) return undefined;
  }
  const missing = segments.slice(path.segments.length).flat();
  for (const part of missing) {
    if (part.kind === 'literal') return undefined;
    if (part.preset !== undefined) values.set(part.name, part.preset);
    else if (!part.optional && !part.catchAll) return undefined;
  }
  const holds = segments.flat().every((part) => part.kind === 'literal' || isAllowed(part, values.get(part.name)));
  return holds ? Object.fromEntries(values) : undefined;
}

function isAllowed({ constraints }: Parameter, value: string | undefined): boolean {
  return value === undefined || constraints.every((holds) => holds(value));
}

/**
 * From right to left, each literal as far right as it goes, so that in `{id}.svg` the id may hold dots.
 * One that could only begin further left does not fit: ASP.NET does not try again either.
 */
function matchSegment(segment: Segment, text: string, values: Map<string, string>): boolean {
  const folded = foldCase(text);
  let end = text.length;
  let open: { readonly name: string; readonly end: number } | undefined;
  for (const part of segment.toReversed()) {
    if (part.kind === 'parameter') {
      open = { name: part.name, end };
      continue;
    }
    const literal = foldCase(part.text);
    // A parameter takes at least one character.
    const from = end - literal.length - (open === undefined ? 0 : 1);
    const at = from < 0 ? -1 : folded.lastIndexOf(literal, from);
    if (at < 0 || (open === undefined && at !== from)) return false;
    if (open !== undefined) values.set(open.name, text.slice(at + literal.length, open.end));
    open = undefined;
    end = at;
  }
  if (open === undefined) return end === 0;
  values.set(open.name, text.slice(0, open.end));
  return open.end > 0;
}

/** ASCII only, so that every character keeps its place. */
function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
