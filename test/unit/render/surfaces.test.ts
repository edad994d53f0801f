import { describe, expect, it } from 'vitest';
import { nagiosText } from '../../../src/core/render/nagios.ts';
import { type Ink, plain } from '../../../src/core/render/paint.ts';
import { pathPicture } from '../../../src/core/render/path-picture.ts';
import { reportJson } from '../../../src/core/render/report-json.ts';
import { reportText } from '../../../src/core/render/report-text.ts';
import { judgeTarget } from '../../../src/core/verdict/judge.ts';
import { LAYER_NAMES, LAYERS } from '../../../src/core/verdict/layer.ts';
import type { TargetReport } from '../../../src/core/verdict/report.ts';
import { bundleOf, ca, healthyBundle, NOW, raEncryption, raSigning } from '../../support/certificates.ts';
import { answered, failed, HEALTHY_CAPS, target } from '../../support/observations.ts';

const CONTEXT = { now: NOW, vantagePoints: 1, caPins: [], history: {} } as const;
const EVIL = '\u001b[2J\u202etxt.exe\u200b\n| rm -rf <script>alert(1)</script>';

function healthy(bundle = healthyBundle()): TargetReport {
  const cert = answered('ca-cert', {
    status: 200,
    headers: [['Content-Type', 'application/x-x509-ca-ra-cert']],
    body: new Uint8Array([0x30, 0x82]),
  });
  return judgeTarget(
    target([answered('base-url', { status: 403 }), answered('ca-caps', { status: 200, body: HEALTHY_CAPS }), cert]),
    [{ observation: cert, bundle }],
    CONTEXT,
  );
}

/** A server that puts harmful text wherever a server can put text. */
function hostile(): TargetReport {
  const headers = [
    ['Server', EVIL],
    ['Location', `https://evil.example/${EVIL}`],
    ['x-ms-proxy-transaction-id', EVIL],
  ] as const;
  const cert = answered('ca-cert', { status: 200, headers, body: new Uint8Array([0x30, 0x82]) });
  const bundle = bundleOf([
    ca({ subject: EVIL }),
    raSigning({ issuer: EVIL, subject: EVIL, template: EVIL, notAfter: NOW - 1 }),
    raEncryption({ subject: EVIL, issuer: EVIL }),
  ]);
  const observation = target([
    answered('base-url', { status: 302, reason: EVIL, headers, body: `<title>${EVIL}</title>` }),
    failed('ca-caps', 'first-byte', EVIL, EVIL),
    cert,
  ]);
  return judgeTarget(observation, [{ observation: cert, bundle }], CONTEXT);
}

const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe('whatever a server says', () => {
  it('harms no terminal', () => {
    expect(reportText(hostile(), { width: 100, paint: plain, now: NOW })).not.toMatch(HARMFUL);
  });

  it('starts no performance data of its own and no second line', () => {
    const text = nagiosText([hostile()], NOW);
    expect(text.split('|')).toHaveLength(2);
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(text.trimEnd()).not.toMatch(HARMFUL);
  });

  it('is printable in every string of the JSON report', () => {
    const strings: string[] = [];
    JSON.stringify(reportJson(hostile(), NOW), (_key, value) => {
      if (typeof value === 'string') strings.push(value);
      return value;
    });
    expect(strings.length).toBeGreaterThan(50);
    expect(strings.filter((text) => HARMFUL.test(text) || text.includes('\n'))).toEqual([]);
  });
});

describe('the Nagios line', () => {
  it('counts the days of RA and CA certificates', () => {
    expect(nagiosText([healthy()], NOW)).toMatch(
      /^SCEP OK - healthy-long-url-untested: [^|]+ \| time=0\.050s;;;0 base_url=0\.011s;10;;0 ca_caps=0\.011s;10;;0 ca_cert=0\.011s;10;;0 ra_days=600;30:;7: ca_days=3000;90:;30:\n$/,
    );
  });

  it('names the worst of several targets and lists all below', () => {
    const lines = nagiosText([healthy(), hostile()], NOW).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^SCEP CRITICAL - 1 of 2 targets fine; worst is /);
    expect(lines).toHaveLength(3);
  });

  it('is UNKNOWN when there is nothing to say', () => {
    expect(nagiosText([], NOW)).toBe('SCEP UNKNOWN - nothing was probed\n');
  });
});

describe('the path picture', () => {
  const path = LAYERS.map((layer) => ({ layer, name: LAYER_NAMES[layer], state: layer === 'iis' ? ('broken' as const) : ('ok' as const) }));

  it('puts each mark under its hop and the arrow under the broken one', () => {
    expect(pathPicture(path, 98, plain, 'iis', 'iis-bad-request')).toEqual([
      'probe ─ DNS ─ TCP ─ TLS ─ app proxy ─ connector ─ IIS ─ NDES ─ policy module ─ RA/CA',
      '  ✓      ✓     ✓     ✓        ✓           ✓        ✗     ✓           ✓           ✓',
      '                                                   ╰─ iis-bad-request',
    ]);
  });

  it('turns the arrow round where the label would not fit', () => {
    const last = pathPicture(path, 84, plain, 'ca', 'ra-certificate-expired').at(-1) ?? '';
    expect(last.trimStart()).toBe('ra-certificate-expired ─╯');
    expect(last.length).toBe('probe ─ DNS ─ TCP ─ TLS ─ app proxy ─ connector ─ IIS ─ NDES ─ policy module ─ RA/'.length);
  });

  it('breaks into rows on a narrow terminal', () => {
    for (const line of pathPicture(path, 50, plain, 'iis', 'x')) expect(line.length).toBeLessThanOrEqual(50);
    expect(pathPicture(path, 50, plain, 'iis', 'x')).toHaveLength(5);
  });

  it('gives every state a shape of its own, not only a colour', () => {
    const inks = new Set<Ink>();
    const spy = (ink: Ink, text: string): string => {
      inks.add(ink);
      return text;
    };
    const states = ['ok', 'degraded', 'broken', 'unknown', 'unreached', 'unseen', 'absent'] as const;
    const [, marks = ''] = pathPicture(
      states.map((state, index) => ({ layer: LAYERS[index] ?? 'probe', name: `hop ${index}`, state })),
      98,
      spy,
      undefined,
      '',
    );
    expect(new Set(marks.replace(/ /g, '')).size).toBe(states.length);
    expect(inks.size).toBeGreaterThan(3);
  });
});

describe('the text report', () => {
  it('fits the terminal', () => {
    for (const width of [60, 80, 110]) {
      const long = reportText(healthy(), { width, paint: plain, now: NOW })
        .split('\n')
        .filter((line) => line.length > width);
      // A URL is never broken: it has to be clickable.
      expect(long.filter((line) => !line.includes('https://'))).toEqual([]);
    }
  });
});
