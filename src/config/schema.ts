import { z } from 'zod';
import { DIALECTS } from '../core/scep/dialect.ts';
import { MAX_LONG_URL_BYTES, MIN_LONG_URL_BYTES } from '../core/scep/operation-url.ts';
import { parseScepUrl } from '../core/scep/scep-url.ts';

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
    .describe('Length in bytes of the long query that is sent as well; absent: no long URL is sent'),
  timeoutMs: z.int().min(100).max(600_000).optional().describe('How long to wait for one answer, in milliseconds'),
  compareBackends: z.int().min(0).max(10).optional().describe('Over how many further connections GetCACert is fetched and compared'),
  caFile: z.string().min(1).optional().describe('PEM file with further CA certificates to trust for TLS, relative to this file'),
  caPins: z.array(Fingerprint).optional().describe('Fingerprints of which one has to stand in the GetCACert bundle'),
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
});

export type Target = z.infer<typeof Target>;

export const Config = z
  .strictObject({
    $schema: z.string().optional().describe('For editors'),
    vantage: z.string().min(1).max(60).optional().describe('Where this monitor looks from; the host name when absent'),
    defaults: z.strictObject(probeSettings).optional(),
    targets: z.array(Target).min(1, 'name at least one target'),
  })
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
