import { describeMissing, findCommand, packageOf, type SystemCommand } from './system-packages.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test does not run here; test/run.ts lists it at the end. */
    skipReason?: string;
  }
}

export interface Needs<Command extends SystemCommand> {
  /** Options for describe or test: `describe('…', suite, () => …)`. */
  readonly suite: { readonly skip: boolean; readonly meta: { readonly skipReason?: string } };
  /** Absolute paths; in a skipped suite, where nobody calls them, the bare names. */
  readonly paths: Readonly<Record<Command, string>>;
}

/** Looks for commands from outside npm. A missing one skips the suite with the reason, or throws where CI=true. */
export function needs<Command extends SystemCommand>(...commands: Command[]): Needs<Command> {
  const missing = commands
    .filter((command) => findCommand(command) === undefined)
    .map(packageOf)
    .filter((entry) => entry !== undefined);
  const paths = Object.fromEntries(commands.map((command) => [command, findCommand(command) ?? command])) as Record<Command, string>;
  if (missing.length === 0) return { suite: { skip: false, meta: {} }, paths };
  const skipReason = describeMissing(missing);
  if (process.env.CI === 'true') throw new Error(`CI=true, and ${skipReason}`);
  return { suite: { skip: true, meta: { skipReason } }, paths };
}

/** The path of one command inside a suite that declared it with needs. */
export function commandPath(command: SystemCommand): string {
  const path = findCommand(command);
  const entry = packageOf(command);
  if (path === undefined) throw new Error(entry === undefined ? `missing ${command}` : describeMissing([entry]));
  return path;
}
