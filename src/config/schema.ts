import * as z from 'zod';
import { MAX_RECURRING_MINUTES, WEEKDAYS } from '../core/monitor/maintenance.ts';
import { DIALECTS } from '../core/scep/dialect.ts';
import { MAX_LONG_URL_BYTES, MIN_LONG_URL_BYTES } from '../core/scep/operation-url.ts';
import { parseScepUrl } from '../core/scep/scep-url.ts';
import { nearest } from '../core/text/nearest.ts';
import { isTimeZone, parseIsoTime } from '../core/time.ts';
import { VERDICT_CODES } from '../core/verdict/code.ts';

const ScepUrlText = z
  .string()
  .superRefine((text, context) => {
    const parsed = parseScepUrl(text);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.problem });
  })
  .describe('Server URL of the SCEP profile: https://<app>-<tenant>.msappproxy.net/certsrv/mscep/mscep.dll');

const Fingerprint = z
  .string()
  .regex(
    /^(?:[0-9a-fA-F]{2}[: ]?){19}[0-9a-fA-F]{2}$|^(?:[0-9a-fA-F]{2}[: ]?){31}[0-9a-fA-F]{2}$/,
    'a fingerprint is 40 (SHA-1) or 64 (SHA-256) hexadecimal digits',
  )
  .describe('Fingerprint of the CA certificate in your trusted-root profile');

/** How a target is probed. Every part can stand under `defaults` and again at a target, where it wins. */
const probeSettings = {
  dialects: z
    .array(z.enum(DIALECTS))
    .min(1, 'name at least one platform')
    .optional()
    .describe('Whose requests to imitate; android when absent'),
  longUrlBytes: z
    .int()
    .min(MIN_LONG_URL_BYTES)
    .max(MAX_LONG_URL_BYTES)
    .optional()
    .describe(
      'Length in bytes of the long query; 12000, as long as an iOS enrolment, when absent. `scepwatch probe` sends one only when this is set',
    ),
  timeoutMs: z.int().min(100).max(600_000).optional().describe('How long to wait for one answer, in milliseconds'),
  compareBackends: z.int().min(0).max(10).optional().describe('Over how many further connections GetCACert is fetched and compared'),
  caFile: z.string().min(1).optional().describe('PEM file with further CA certificates to trust for TLS, relative to this file'),
  ca: z.string().min(1).optional().describe('The same as text, where there is no file: PEM certificates'),
  caPins: z.array(Fingerprint).optional().describe('Fingerprints of which one has to stand in the GetCACert bundle'),
};

/** How the monitor watches a target; like the probe settings under `defaults` or at a target. */
const watchSettings = {
  periodSeconds: z.int().min(1).max(86_400).optional().describe('How often the target is probed, in seconds; 300 when absent'),
  longUrlEveryMinutes: z
    .int()
    .min(0)
    .max(1_440)
    .optional()
    .describe('How often a long URL is sent, in minutes; 60 when absent, 0 for never'),
  failuresBeforeAlert: z.int().min(1).max(20).optional().describe('Bad results in a row before an incident opens; 2 when absent'),
  successesBeforeResolve: z.int().min(1).max(20).optional().describe('Better results in a row before it eases or ends; 2 when absent'),
  pageAtOnce: z
    .array(z.enum(VERDICT_CODES))
    .optional()
    .describe('Verdicts that open an incident without waiting for a second result; replaces the built-in list'),
  flapping: z
    .strictObject({
      changes: z.int().min(2).max(20).optional().describe('Changes between working and failing that are too many; 5 when absent'),
      windowMinutes: z.int().min(1).max(1_440).optional().describe('Within so many minutes; 60 when absent'),
      holdMinutes: z
        .int()
        .min(1)
        .max(1_440)
        .optional()
        .describe('Messages are held back until nothing has changed for so long; 30 when absent'),
    })
    .optional(),
};

export const Target = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'an id is 1 to 63 lower-case letters, digits and hyphens; history hangs on it, so never change it')
    .describe('Stable identifier: history and incidents hang on it. Rename `name` instead.'),
  name: z.string().min(1).max(120).optional().describe('What people call it; the id when absent'),
  tenant: z.string().min(1).max(120).optional().describe('Whose endpoint it is'),
  url: ScepUrlText,
  ...probeSettings,
  ...watchSettings,
});

export type Target = z.infer<typeof Target>;

const Instant = z
  .string()
  .refine(
    (text) => parseIsoTime(text) !== undefined,
    'write a time with its offset, such as 2026-12-01T22:00:00+01:00 or 2026-12-01T21:00:00Z',
  );

/** One window, planned once (`start`, `end`) or recurring (`days`, `at`, `durationMinutes`, `timeZone`). */
export const Maintenance = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'an id is 1 to 63 lower-case letters, digits and hyphens')
      .describe('Stable identifier'),
    title: z.string().min(1).max(120).optional().describe('What people are told; the id when absent'),
    targets: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Ids of the targets that it is for; all of them when neither this nor `tenants` is given'),
    tenants: z.array(z.string()).min(1).optional().describe('Tenants whose targets it is for'),
    start: Instant.optional().describe('One-off: when it begins'),
    end: Instant.optional().describe('One-off: when it is over'),
    days: z.array(z.enum(WEEKDAYS)).min(1).optional().describe('Recurring: on which days of the week it begins'),
    weeks: z
      .array(z.int().min(1).max(5))
      .min(1)
      .optional()
      .describe('Recurring: only the first, second … such day of a month; the second Tuesday is days: [tuesday], weeks: [2]'),
    at: z
      .string()
      .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day is HH:MM, from 00:00 to 23:59; in YAML put it between quotes')
      .optional()
      .describe('Recurring: when it begins, on the clock of `timeZone`'),
    durationMinutes: z.int().min(1).max(MAX_RECURRING_MINUTES).optional().describe('Recurring: how long it takes'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'is no time zone that is known here; write an IANA name such as Europe/Berlin or UTC')
      .optional()
      .describe('Recurring: IANA name of the time zone of `at`; UTC when absent'),
  })
  .superRefine((window, context) => {
    const oneOff = window.start !== undefined || window.end !== undefined;
    const recurring = window.days !== undefined || window.at !== undefined || window.durationMinutes !== undefined;
    const missing = oneOff
      ? ONE_OFF_PARTS.filter((part) => window[part] === undefined)
      : RECURRING_PARTS.filter((part) => window[part] === undefined);
    if (oneOff === recurring)
      context.addIssue({ code: 'custom', message: 'takes either start and end (one-off), or days, at and durationMinutes (recurring)' });
    else if (missing[0] !== undefined)
      context.addIssue({ code: 'custom', path: [missing[0]], message: `is missing; this window also needs ${missing.join(' and ')}` });
    const [start, end] = [parseIsoTime(window.start ?? ''), parseIsoTime(window.end ?? '')];
    if (start !== undefined && end !== undefined && end <= start)
      context.addIssue({ code: 'custom', path: ['end'], message: 'is not after start' });
  });

export type Maintenance = z.infer<typeof Maintenance>;

const ONE_OFF_PARTS = ['start', 'end'] as const;
const RECURRING_PARTS = ['days', 'at', 'durationMinutes'] as const;

const ControlUrl = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^/@?#]+(?:\/[^?#]*)?$/.test(text) && URL.canParse(text),
    'a control URL is http or https, without credentials, query and fragment',
  );

/** A window for something that does not exist would be believed in until the night on which it is needed. */
function checkMaintenance(
  { targets, maintenance = [] }: { readonly targets: readonly Target[]; readonly maintenance?: readonly Maintenance[] | undefined },
  context: z.RefinementCtx,
): void {
  const known = { targets: targets.map(({ id }) => id), tenants: targets.flatMap(({ tenant }) => tenant ?? []) };
  for (const [index, window] of maintenance.entries()) {
    if (maintenance.findIndex(({ id }) => id === window.id) !== index)
      context.addIssue({
        code: 'custom',
        path: ['maintenance', index, 'id'],
        message: `"${window.id}" is already the id of another window`,
      });
    for (const scope of ['targets', 'tenants'] as const) {
      for (const [place, name] of (window[scope] ?? []).entries()) {
        if (known[scope].includes(name)) continue;
        const path = ['maintenance', index, scope, place];
        // Health shows problems to everybody, so that the name of one customer is not told to another.
        if (scope === 'tenants') context.addIssue({ code: 'custom', path, message: 'no target belongs to this tenant' });
        else {
          const [close] = nearest(name, known[scope], 1);
          const hint = close === undefined ? '' : `; did you mean "${close}"?`;
          context.addIssue({ code: 'custom', path, message: `no target has the id "${name}"${hint}` });
        }
      }
    }
  }
}

export const Config = z
  .strictObject({
    $schema: z.string().optional().describe('For editors'),
    vantage: z.string().min(1).max(60).optional().describe('Where this monitor looks from; the host name when absent'),
    defaults: z.strictObject({ ...probeSettings, ...watchSettings }).optional(),
    targets: z.array(Target).min(1, 'name at least one target'),
    maintenance: z.array(Maintenance).optional().describe('Windows in which nobody is alerted'),
    cycle: z
      .strictObject({
        concurrency: z.int().min(1).max(500).optional().describe('Targets probed at a time; 50 when absent'),
        budgetSeconds: z
          .int()
          .min(1)
          .max(270)
          .optional()
          .describe('After so many seconds no further target is started in a cycle; 180 when absent'),
        jitterSeconds: z.number().min(0).max(60).optional().describe('Targets start spread over so many seconds; 2 when absent'),
        recheckSeconds: z
          .number()
          .min(0)
          .max(60)
          .optional()
          .describe('Pause before a target that turned bad is looked at again; 5 when absent'),
      })
      .optional()
      .describe('How a round of probes runs'),
    controlUrls: z
      .array(ControlUrl)
      .max(5)
      .optional()
      .describe("Asked when no target can be reached, to tell the monitor's own network from theirs; empty to never ask"),
    retention: z
      .strictObject({
        resultDays: z.int().min(2).max(400).optional().describe('How long single results are kept; 35 days when absent'),
        hourDays: z
          .int()
          .min(7)
          .max(4_000)
          .optional()
          .describe('How long hourly figures and closed incidents are kept; 400 days when absent. Daily figures stay for ever'),
      })
      .optional(),
  })
  .superRefine(checkMaintenance)
  .superRefine(({ targets }, context) => {
    const seen = new Map<string, number>();
    for (const [index, { id }] of targets.entries()) {
      const first = seen.get(id);
      if (first === undefined) seen.set(id, index);
      else
        context.addIssue({
          code: 'custom',
          path: ['targets', index, 'id'],
          message: `"${id}" is already the id of targets[${first}]; every id stands for one target`,
        });
    }
  })
  .describe('Configuration of scepwatch');

export type Config = z.infer<typeof Config>;
