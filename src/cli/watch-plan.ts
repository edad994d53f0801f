import { hostname } from 'node:os';
import type { MonitorPlan } from '../app/monitor-plan.ts';
import type { ConfigProblem } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { staleAfterMs } from '../core/monitor/due.ts';
import { NDES_PATH } from '../core/scep/operation-url.ts';
import { targetId } from '../core/scep/target-id.ts';
import { redactedUrl } from '../core/text/redact.ts';
import { problemLine } from './check-config.ts';
import { parseUrls, readCaFile } from './probe-targets.ts';
import { UsageError } from './usage-error.ts';
import type { WatchOptions } from './watch.ts';

/** What is watched from here: the targets of the file, and the URLs beside them. */
export async function watchPlan(urls: readonly string[], options: WatchOptions): Promise<MonitorPlan> {
  const [{ loadConfigFile }, { monitorPlan }] = await Promise.all([import('../config/load.ts'), import('../config/plan.ts')]);
  const file = options.config;
  const loaded = file === undefined ? undefined : loadConfigFile(file);
  if (file !== undefined && loaded?.ok === false) throw configError(file, loaded.problems);
  const fromFile = loaded?.ok === true ? loaded.config : undefined;
  const configured = fromFile?.targets ?? [];
  const given = targetsFromUrls(urls, options.ca, configured);
  const config: Config = { ...fromFile, targets: [...configured, ...given] };
  const planned = monitorPlan(config, { ...(file !== undefined && { file }), vantage: hostname() });
  if (!planned.ok) throw configError(file ?? '', planned.problems);
  return atTheKeyboard(planned.plan, options);
}

function configError(file: string, problems: readonly ConfigProblem[]): UsageError {
  const [first] = problems;
  const more = problems.length - 1;
  const rest = more > 0 ? ` (and ${more} more; scepwatch check-config ${file} names them all)` : '';
  return new UsageError(`--config: ${first === undefined ? file : problemLine(file, first)}${rest}`);
}

function targetsFromUrls(urls: readonly string[], caFile: string | undefined, configured: Config['targets']): Config['targets'] {
  const ca = caFile === undefined ? undefined : readCaFile(caFile, '--ca');
  const ids = new Set(configured.map(({ id }) => id));
  return parseUrls(urls).map(({ url }) => {
    const id = targetId(url);
    if (ids.has(id)) throw new UsageError(`${nameOf(url)} is named twice; each target is watched once`);
    ids.add(id);
    return { id, name: nameOf(url), url, ...(ca !== undefined && { ca }) };
  });
}

const LONGEST_NAME = 120;

/** The host, and the path only where it is not the one that every NDES has. */
function nameOf(url: string): string {
  const shown = redactedUrl(url).replace(/^https?:\/\//, '');
  return (shown.endsWith(NDES_PATH) ? shown.slice(0, -NDES_PATH.length) : shown).slice(0, LONGEST_NAME);
}

/** Somebody looks on: no pause may be longer than what was asked for. */
function atTheKeyboard(plan: MonitorPlan, { every, once }: WatchOptions): MonitorPlan {
  const targets =
    every === undefined
      ? plan.targets
      : plan.targets.map((target) => {
          const periodMs = every * 1_000;
          return { ...target, periodMs, policy: { ...target.policy, staleAfterMs: staleAfterMs(periodMs) } };
        });
  const shortest = Math.min(...targets.map(({ periodMs }) => periodMs));
  return {
    ...plan,
    targets,
    jitterMs: once === true ? 0 : Math.min(plan.jitterMs, shortest / 10),
    recheckAfterMs: Math.min(plan.recheckAfterMs, shortest / 4),
  };
}
