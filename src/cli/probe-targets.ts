import { dirname } from 'node:path';
import { planChecks } from '../app/plan-checks.ts';
import type { ProbeInput } from '../app/ports.ts';
import { limitsFor } from '../app/probe-limits.ts';
import { normalisedPin, readCaFile as readPemFile } from '../config/ca-certificates.ts';
import { parseScepUrl } from '../core/scep/scep-url.ts';
import { problemLine } from './check-config.ts';
import { UsageError } from './usage-error.ts';

/** One thing to probe, complete. */
export interface Target {
  readonly input: ProbeInput;
  readonly caPins: readonly string[];
  readonly notes: readonly string[];
}

/** Every target of a configuration file; what a target leaves open comes from its defaults, and then from the command line. */
export async function configuredTargets(file: string, fallback: (url: string) => Target): Promise<readonly Target[]> {
  // Loaded when needed: the schema library takes longer to start than a probe.
  const [{ loadConfigFile }, { trustedCa }] = await Promise.all([import('../config/load.ts'), import('../config/plan.ts')]);
  const loaded = loadConfigFile(file);
  if (!loaded.ok) {
    const [first] = loaded.problems;
    const more = loaded.problems.length - 1;
    throw new UsageError(
      `--config: ${first === undefined ? file : problemLine(file, first)}${more > 0 ? ` (and ${more} more; scepwatch check-config ${file} names them all)` : ''}`,
    );
  }
  const { config } = loaded;
  return config.targets.map((one) => {
    const { input, caPins, notes } = fallback(one.url);
    const { dialects, longUrlBytes, timeoutMs, compareBackends, caPins: pins } = { ...config.defaults, ...one };
    const ca = trusted(trustedCa(config, one, dirname(file)), file);
    const longUrlWanted = longUrlBytes !== undefined || input.checks.some(({ operation }) => operation === 'long-url');
    const checks =
      dialects === undefined && longUrlBytes === undefined
        ? input.checks
        : planChecks({ dialects: dialects ?? [...new Set(input.checks.map(({ dialect }) => dialect))], longUrl: longUrlWanted });
    const comparisons = compareBackends ?? input.compareBackends;
    return {
      input: {
        ...input,
        checks,
        ...(longUrlBytes !== undefined && { longUrlBytes }),
        limits: limitsFor(timeoutMs ?? input.limits.answerMs, checks.length + comparisons),
        ...(ca !== undefined && { ca }),
        compareBackends: comparisons,
        vantage: config.vantage ?? input.vantage,
      },
      caPins: pins?.map(normalisedPin) ?? caPins,
      notes,
    };
  });
}

function trusted(ca: ReturnType<typeof import('../config/plan.ts').trustedCa>, file: string): string | undefined {
  if (ca?.read.ok === false) throw new UsageError(`${file}: ${ca.setting}: ${ca.read.problem}`);
  return ca?.read.pem;
}

export interface OptionalNumber {
  /** A URL that stood behind the option and was taken for its value. */
  readonly urls: readonly string[];
  /** Absent when the option was not given. */
  readonly value?: number;
}

/** The value of an option such as `--long-url [BYTES]`; in `--long-url https://…` the URL is no value and is given back. */
export function optionalNumber(
  option: string,
  given: true | string | undefined,
  [min, max]: readonly [number, number],
  fallback: number,
): OptionalNumber {
  if (given === undefined) return { urls: [] };
  if (given === true) return { urls: [], value: fallback };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) return { urls: [given], value: fallback };
  const value = Number(given);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new UsageError(`${option} takes a whole number from ${min} to ${max}, not "${given.slice(0, 40)}"`);
  return { urls: [], value };
}

export function parseUrls(given: readonly string[]): readonly { readonly url: string; readonly notes: readonly string[] }[] {
  return given.map((text) => {
    const parsed = parseScepUrl(text);
    if (!parsed.ok) throw new UsageError(parsed.problem);
    return { url: parsed.url, notes: parsed.notes };
  });
}

export function readCaFile(path: string, setting: string): string {
  const read = readPemFile(path);
  if (!read.ok) throw new UsageError(`${setting}: ${read.problem}`);
  return read.pem;
}
