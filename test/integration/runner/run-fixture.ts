import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLine } from '../../../src/runner/log-line.ts';
import { type RunAppOptions, type RunningApp, runApp } from '../../../src/runner/run-app.ts';

const FIXTURES = new URL('../../fixtures/functions/', import.meta.url);

export const HOST_JSON = { version: '2.0', extensions: { http: { routePrefix: '' } }, functionTimeout: '00:10:00' };

export interface RunningFixture extends RunningApp {
  readonly log: readonly LogLine[];
  /** What one function wrote, oldest first. */
  readonly said: (functionName: string) => readonly string[];
}

export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), 'scepwatch-runner-'));
}

/** Runs one of the apps in test/fixtures/functions on a free port, with an empty data folder. */
export async function runFixture(app: string, options: Partial<RunAppOptions> = {}): Promise<RunningFixture> {
  const log: LogLine[] = [];
  const running = await runApp({
    entry: new URL(`${app}.ts`, FIXTURES),
    settings: {},
    port: 0,
    dataFolder: freshFolder(),
    hostJson: HOST_JSON,
    log: (line) => log.push(line),
    now: Date.now,
    ...options,
  });
  const said = (name: string): readonly string[] => log.filter(({ functionName }) => functionName === name).map(({ text }) => text);
  return { ...running, log, said };
}

/** A clock that runs and can be set. */
export interface AdjustableClock {
  readonly now: () => number;
  readonly set: (iso: string) => void;
}

export function clockAt(iso: string): AdjustableClock {
  let offset = Date.parse(iso) - Date.now();
  return {
    now: () => Date.now() + offset,
    set: (other) => {
      offset = Date.parse(other) - Date.now();
    },
  };
}
