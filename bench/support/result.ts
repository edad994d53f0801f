/** A figure that the project wants to reach. A benchmark says whether it is met and fails for nothing. */
export interface Bar {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: string;
  /** `at-most` includes the limit itself. */
  readonly rule: 'at-most' | 'below';
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface BenchResult {
  readonly name: string;
  readonly title: string;
  /** Other programs that took part, with their versions. */
  readonly peers: Readonly<Record<string, string>>;
  readonly table: Table;
  /** What each row contains and leaves out. */
  readonly notes: readonly string[];
  /** The table's numbers for programs to read, the unit at the end of each key. */
  readonly figures: Readonly<Record<string, number>>;
  readonly bars: readonly Bar[];
}

/** What a benchmark may ask of the one who runs it. */
export interface BenchOptions {
  /** Says what is going on, while it takes its time. */
  readonly progress: (line: string) => void;
  /** Folder for V8 CPU profiles of our own processes. */
  readonly profileFolder?: string;
}

export type Bench = (options: BenchOptions) => Promise<BenchResult>;

export function isMet({ limit, measured, rule }: Bar): boolean {
  return rule === 'below' ? measured < limit : measured <= limit;
}

export function resultText({ title, name, table, notes, bars }: BenchResult): string {
  const barLine = (bar: Bar): string =>
    `  ${isMet(bar) ? 'met   ' : 'MISSED'}  ${bar.what}: ${measured(bar.measured)}${bar.unit}, bar ${bar.rule === 'below' ? '<' : '<='} ${bar.limit}${bar.unit}`;
  return [`${name}: ${title}`, '', ...tableLines(table), '', ...bars.map(barLine), ...notes.map((note) => `  - ${note}`), ''].join('\n');
}

function measured(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}

function tableLines({ columns, rows }: Table): readonly string[] {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => (row[index] ?? '').length)));
  // Names stand on the left, figures on the right.
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0))).join('  ')}`.trimEnd();
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
