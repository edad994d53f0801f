import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/core/diagnose/diagnosis.ts';
import { diagnosisSeverity } from '../../src/core/diagnose/diagnosis.ts';
import { NDES_PLUGIN } from '../../src/core/diagnose/formats/ndes-plugin.ts';
import { SETUP_MSI } from '../../src/core/diagnose/formats/setup-msi.ts';
import { joinViews } from '../../src/core/diagnose/join-views.ts';
import { LOG_CODES } from '../../src/core/diagnose/log-code.ts';
import type { LogFinding } from '../../src/core/diagnose/log-finding.ts';
import { LOG_FORMATS, type LogReader } from '../../src/core/diagnose/log-format.ts';
import type { GivenLog } from '../../src/core/diagnose/log-summary.ts';
import { createIdentityRedactor } from '../../src/core/diagnose/redact-identities.ts';
import { LOG_OPERATIONS, PLATFORMS, type ScepExchange } from '../../src/core/diagnose/scep-exchange.ts';
import { createTally } from '../../src/core/diagnose/tally.ts';
import { MAX_BUCKETS } from '../../src/core/diagnose/timeline.ts';
import { diagnoseJson } from '../../src/core/render/diagnose-json.ts';
import { diagnoseText } from '../../src/core/render/diagnose-text.ts';
import { plain } from '../../src/core/render/paint.ts';
import { printableJson } from '../../src/core/text/printable.ts';
import { CATALOG } from '../../src/core/verdict/catalog.ts';
import { VERDICT_CODES } from '../../src/core/verdict/code.ts';
import { readLog } from '../support/device-logs.ts';
import { NASTY, nastyText, type Random, randomFrom, seeds, share, stopwatch } from '../support/fuzz.ts';
import { harmIn } from '../support/harmless.ts';

const watch = stopwatch();
afterAll(() => console.log(`connector logs and summaries: ${watch.slowest()}`));

const LINES = [
  'MSI (c) (28:54) [16:13:11:905]: Product: Microsoft Intune Connector -- Installation completed successfully.',
  'Windows Installer installed the product. Installation success or error status: 1603.',
  'AddNDESToCertPrivKey: Error 0x80090014: CryptAcquireContext failed.',
  'CustomAction WriteIIS7ConfigChanges returned actual error code 1603',
  'MSI (s) (1:2) [1:2:3:4]: MainEngineThread is returning 1603',
  '=== Verbose logging started: 8/8/2017  20:22:16',
  'Calling VerifyRequest ...',
  'Calling Notifyrequest ...',
  'Sending request to certificate registration point.',
  'Verify challenge returns true',
  'Verify challenge returns false',
  'Verify challenge returns <!DOCTYPE html><title>403 - Forbidden: Access is denied.</title>',
  '<title>500 - Internal server error.</title>',
  'WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID',
  'Failed to send http request /CertificateRegistrationSvc/Certificate/VerifyRequest. Error 12175',
  'Exiting VerifyRequest with 0x0',
  'Exiting Notify with 0x80070005',
  '<![LOG[Sending request to certificate registration point.]LOG]!><time="16:36:04.111+240" date="02-27-2018" component="NDESPlugin" thread="1">',
  'Verify challenge returns true\tNDESPlugin\t4/17/2018 10:25:40 AM\t3036 (0x0BDC)',
  '2018-02-30T99:99:99 \t time="99:99" date="99-99-9999"',
] as const;

/** One line, or what an editor, a mail or an attacker makes of it. */
function mutated(random: Random): string {
  let line: string = random.pick(LINES);
  for (let times = random.below(4); times > 0; times--) {
    const at = random.below(line.length + 1);
    switch (random.below(5)) {
      case 0:
        line = line.slice(0, at);
        break;
      case 1:
        line = line.slice(0, at) + random.pick(NASTY) + line.slice(at);
        break;
      case 2:
        line = line.slice(at) + random.pick(LINES);
        break;
      case 3:
        line = line.slice(0, at) + line.charAt(at).repeat(random.below(400)) + line.slice(at);
        break;
      default:
        line = line.replaceAll(/\d/g, () => String(random.below(10)));
    }
  }
  return line;
}

describe.each([SETUP_MSI, NDES_PLUGIN].map((reader): [string, LogReader] => [reader.format, reader]))(
  'the reader of %s',
  (_name, reader) => {
    test('survives every line and tells only what the contract allows', () => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const random = randomFrom(seed);
          const lines = Array.from({ length: 20 }, () => mutated(random));
          const told = watch.time(
            () => readLog(reader, lines),
            () => JSON.stringify(lines).slice(0, 200),
          );
          for (const { code, line, file } of told.findings) {
            expect(LOG_CODES).toContain(code);
            expect(line).toBeGreaterThan(0);
            expect(line).toBeLessThanOrEqual(lines.length);
            expect(file).toBe('device.log');
          }
          for (const at of told.seen) expect(Number.isFinite(at)).toBe(true);
          const sure = reader.recognise(lines);
          expect(sure).toBeGreaterThanOrEqual(0);
          expect(sure).toBeLessThanOrEqual(1);
        }),
        share(6),
      );
    });

    test('of lines of megabytes takes no longer than their length', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...LINES, ...NASTY, '<![LOG[', 'Product: ', 'aaaa: Error 0x'),
          fc.constantFrom(...LINES, ...NASTY),
          (piece, other) => {
            const line = piece.repeat(Math.ceil(500_000 / piece.length)) + other.repeat(Math.ceil(500_000 / other.length));
            watch.time(
              () => readLog(reader, [line, other]),
              () => `${piece} × many`,
            );
          },
        ),
        share(0.05),
      );
    });
  },
);

/** Pieces that the patterns of the redactor begin with, so that what backtracks shows. */
const PIECES = [
  'message=',
  'A1b'.repeat(30),
  'aa:',
  '::',
  '1.2.3.4 ',
  'S-1-5-21-1-2-3-4 ',
  'CN=',
  'Computer: ',
  'User: ',
  'a@b.c ',
  'CONTOSO\\jdoe ',
  'C:\\Users\\',
  'https://a:b@c/',
  '?operation=',
  'GET x y 443 ',
  'challenge password is: <b> ',
  '-----BEGIN KEY-----',
  '51bad41f-3854-4eb5-a2f2-0f7a94034ee8 ',
  '%2B',
  '…',
  'eyJ',
  'a.b.',
  '\n  ',
] as const;

describe('the redactor', () => {
  test('survives everything in little time, and finds nothing more in what it has shown', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...PIECES), nastyText), { maxLength: 12 }), fc.boolean(), (pieces, showIdentities) => {
        const text = pieces.join('');
        const shown = watch.time(
          () => createIdentityRedactor({ showIdentities }).text(text),
          () => JSON.stringify(text.slice(0, 200)),
        );
        expect(shown).not.toContain('51bad41f-3854-4eb5-a2f2-0f7a94034ee8'.repeat(showIdentities ? 99 : 1));
      }),
      share(6),
    );
  });

  test.each(PIECES)('of very many %j takes no longer than their length', (piece) => {
    for (const text of [piece.repeat(20_000), `${piece.repeat(20_000)}x`, `x ${piece.repeat(400)}${'a'.repeat(20_000)}`])
      watch.time(
        () => createIdentityRedactor({ showIdentities: false }).text(text),
        () => `${piece} × many`,
      );
  });

  test('never shows a secret that stands where secrets stand', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{60}$/).filter((text) => /[A-Z]/.test(text) && /[a-z]/.test(text) && /\d/.test(text));
    fc.assert(
      fc.property(
        secret,
        nastyText,
        fc.constantFrom('message=', 'challengePassword=', 'challenge: ', 'The enrollment challenge password is: '),
        fc.boolean(),
        (hidden, around, lead, showIdentities) => {
          const shown = createIdentityRedactor({ showIdentities }).text(`${around.replaceAll(/\w/g, ' ')} ${lead}${hidden} ${around}`);
          expect(shown).not.toContain(hidden);
        },
      ),
      share(2),
    );
  });
});

const times = fc.oneof(
  fc.integer({ min: 1_400_000_000_000, max: 1_800_000_000_000 }),
  fc.double({ noDefaultInfinity: false }),
  fc.constantFrom(Number.NaN, -1, 0, 253_402_300_799_999, 253_402_300_800_000, 8.64e15),
);
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const exchanges: fc.Arbitrary<ScepExchange> = fc
  .record({
    file: fc.constantFrom('a.log', 'b.log', '../\u202e.log'),
    line: fc.nat(),
    at: optional(times),
    platform: fc.constantFrom(...PLATFORMS),
    operation: fc.constantFrom(...LOG_OPERATIONS),
    status: optional(fc.oneof(fc.constantFrom(200, 201, 403, 404, 500, 503), fc.integer())),
    substatus: optional(fc.integer()),
    win32: optional(fc.nat()),
    tookMs: optional(fc.oneof(fc.nat(), fc.double())),
    device: optional(nastyText),
    text: optional(nastyText),
  })
  .map(withoutUndefined);

const findings: fc.Arbitrary<LogFinding> = fc
  .record({
    code: fc.constantFrom(...LOG_CODES),
    platform: optional(fc.constantFrom(...PLATFORMS)),
    at: optional(times),
    file: fc.constantFrom('a.log', 'b.log', '\u001b[2J'),
    line: fc.nat(),
    text: nastyText,
    detail: optional(nastyText),
  })
  .map(withoutUndefined);

const logs: fc.Arbitrary<readonly GivenLog[]> = fc.array(
  fc
    .record({
      file: fc.constantFrom('a.log', 'b.log', '\u001b[2J'),
      format: optional(fc.constantFrom(...LOG_FORMATS)),
      lines: fc.nat(),
      problems: fc.array(nastyText, { maxLength: 3 }),
      span: optional(fc.tuple(fc.nat(), fc.nat())),
    })
    .map(({ span, ...log }) =>
      withoutUndefined({ ...log, ...(span !== undefined && { from: Math.min(...span), until: Math.max(...span) }) }),
    ),
  { maxLength: 4 },
);

/** Optional properties are absent in the product, never undefined. */
function withoutUndefined<T extends object>(record: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

describe('a summary of anything', () => {
  test('is of bounded size, counts everything once, and can be shown', () => {
    fc.assert(
      fc.property(
        fc.array(exchanges, { maxLength: 60 }),
        fc.array(findings, { maxLength: 20 }),
        logs,
        optional(fc.constantFrom(...PLATFORMS)),
        fc.constantFrom(...VERDICT_CODES),
        (asked, found, given, platform, code) => {
          const { sink, conclude } = createTally(platform === undefined ? {} : { platform });
          for (const exchange of asked) sink.exchange(exchange);
          for (const finding of found) sink.finding(finding);
          const summary = conclude(given);
          if (platform === undefined) expect(summary.exchanges).toBe(asked.length);
          expect(summary.platforms.reduce((sum, { count }) => sum + count, 0)).toBe(summary.exchanges);
          for (const { ok, failed, untold, count } of summary.platforms) expect(ok + failed + untold).toBe(count);
          for (const row of summary.timeline?.rows ?? []) expect(row.ok.length).toBeLessThanOrEqual(MAX_BUCKETS);
          for (const { evidence } of summary.findings) expect(evidence.length).toBeGreaterThan(0);

          const { severity, layer } = CATALOG[code];
          const joined = joinViews(summary, { target: 'https://x/', at: 1_700_000_000_000, code, severity, layer });
          const diagnosis: Diagnosis = { logs: given, summary, joined };
          expect(['ok', 'warn', 'crit', 'unknown']).toContain(diagnosisSeverity(diagnosis));
          const redactor = createIdentityRedactor({ showIdentities: false });
          const shown = watch.time(
            () => diagnoseText(diagnosis, { width: 80, paint: plain, redactor, identitiesShown: false }),
            () => `${asked.length} exchanges, ${found.length} findings`,
          );
          for (const line of [...shown.split('\n'), ...printableJson(diagnoseJson(diagnosis, redactor, false), 2).split('\n')])
            expect(harmIn(line)).toBeUndefined();
        },
      ),
      share(1),
    );
  });
});
