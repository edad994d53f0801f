import { describe, expect, it } from 'vitest';
import { type FleetSeen, overviewOf } from '../../../src/core/monitor/overview.ts';
import { plain } from '../../../src/core/render/paint.ts';
import { statusJson } from '../../../src/core/render/status-json.ts';
import { statusText, targetStatusText } from '../../../src/core/render/status-text.ts';
import { percentText } from '../../../src/core/render/uptime-lines.ts';
import { columnsOf } from '../../../src/core/text/columns.ts';
import { AT, cycleRecord, DAY, downSummary, HOUR, incident, slice, summary } from '../../support/fleet.ts';
import { harmIn } from '../../support/harmless.ts';
import { schemaProblems } from '../../support/published-schema.ts';

const FLEET: FleetSeen = {
  summaries: [
    downSummary('ndes-1', 'ndes-app-pool-stopped', {
      hours: [slice('2026-11-24T08', { up: 3_600 }), slice('2026-11-24T09', { up: 3_300, down: 240 })],
      days: [slice('2026-11-22', { up: 86_400 }), slice('2026-11-23', { up: 86_400 }), slice('2026-11-24', { up: 35_400, down: 240 })],
      view: {
        name: 'Contoso NDES 1',
        tenant: 'Contoso',
        certificates: [
          { role: 'RA', notAfter: AT + 23 * DAY + HOUR },
          { role: 'CA', notAfter: AT + 900 * DAY },
        ],
      },
    }),
    summary('ndes-2', { view: { name: 'Contoso NDES 2', certificates: [{ role: 'TLS', notAfter: AT - 2 * DAY }] } }),
  ],
  cycle: cycleRecord(),
  problems: [],
};

const INCIDENTS = new Map([['ndes-1-1', incident('ndes-1')]]);

function status(fleet: FleetSeen, width = 80): string {
  return statusText(overviewOf(fleet, AT), { width, paint: plain, incidents: INCIDENTS });
}

function target(fleet: FleetSeen, now = AT, width = 80): string {
  const { targets, monitor } = overviewOf(fleet, now);
  const [first] = targets;
  if (first === undefined) throw new Error('a fleet has a target');
  return targetStatusText(first, monitor, now, { width, paint: plain, incidents: INCIDENTS });
}

describe('the status of all targets', () => {
  it('is the table, what is open with its reason and first steps, and what expires next', () => {
    expect(`\n${status(FLEET)}`).toMatchInlineSnapshot(`
      "
      ✗ 1 down   ✓ 1 ok
      last cycle 32 s ago · 2026-11-24 09:59:28Z · 2 targets probed in 1.0 s

        status      target             for  path        answer  last 20 h
      ✗ down        Contoso NDES 1   4 min  ✓✓✓✓✓✓✓✗··   40 ms  ·················▁✗·
                                                   ╰─ NDES: ndes-app-pool-stopped
      ✓ ok          Contoso NDES 2     2 d  ✓✓✓✓✓✓✓✓✓✓   40 ms  ····················

      Open incidents
        ✗ Contoso NDES 1  open for 9 min
          ndes-1 · since 2026-11-24 09:51:00Z · as many results in a row were bad as
          the policy asks for
          The SCEP application pool is stopped or crashes (HTTP 503)
          1. Start the SCEP application pool in IIS Manager > Application Pools on the
             NDES server, and check whether it stays started after one request.
          2. Run \`eventvwr.msc\` > Windows Logs > Application and look for Event ID
             1000 with \`w3wp.exe\`, \`ntdll.dll\` and exception code \`0xc0000005\`: the
             pool crashes on requests, for one of the causes below.
          3. Look in Windows Logs > System for event 5009 (a process of the pool
             \`SCEP\` ended unexpectedly) and for 5021, 5057 or 5059 (the identity of
             the pool is not accepted).
          all steps: scepwatch explain ndes-app-pool-stopped
          what happened: scepwatch history ndes-1

      Certificates that expire soonest
        TLS   expired 2 days ago  2026-11-22  Contoso NDES 2
        RA          23 days left  2026-12-17  Contoso NDES 1
      "
    `);
  });

  it('says it plainly when there is nothing', () => {
    expect(status({ summaries: [], problems: [] })).toBe('no targets\n! no cycle has been completed yet\n');
  });

  it('names what is no longer configured', () => {
    expect(status({ ...FLEET, summaries: [summary('a'), summary('old', { removedAt: AT - DAY })] })).toContain('No longer configured: old');
  });

  it('tells of a monitor that has stopped at the top', () => {
    const lines = status({ ...FLEET, cycle: cycleRecord({ completedAt: AT - 12 * HOUR }) }).split('\n');
    expect(lines[2]).toBe('! no cycle has been completed for 12 h: the monitor seems to have stopped');
  });

  it.each([60, 80, 110])('fits %i columns', (width) => {
    for (const line of status(FLEET, width).split('\n')) expect(columnsOf(line), line).toBeLessThanOrEqual(width);
    for (const line of target(FLEET, AT, width).split('\n')) expect(columnsOf(line), line).toBeLessThanOrEqual(width);
  });
});

describe('the status of one target', () => {
  it('is everything about it', () => {
    expect(`\n${target(FLEET)}`).toMatchInlineSnapshot(`
      "
      ✗ down  Contoso NDES 1
        ndes-1 · Contoso · probed every 5 min
        for 4 min, since 2026-11-24 09:56:00Z · last result 1 min ago ·
        answered in 40 ms

        probe ─ DNS ─ TCP ─ TLS ─ app proxy ─ connector ─ IIS ─ NDES ─ policy module
          ✓      ✓     ✓     ✓        ✓           ✓        ✓     ✗           ·
                                          ndes-app-pool-stopped ─╯
        ─ RA/CA
            ·
        ✓ works   ✗ broken   · not reached

      Last result
        base-url: HTTP 503

      Open incident
        ✗ Contoso NDES 1  open for 9 min
          ndes-1 · since 2026-11-24 09:51:00Z · as many results in a row were bad as
          the policy asks for
          The SCEP application pool is stopped or crashes (HTTP 503)
          1. Start the SCEP application pool in IIS Manager > Application Pools on the
             NDES server, and check whether it stays started after one request.
          2. Run \`eventvwr.msc\` > Windows Logs > Application and look for Event ID
             1000 with \`w3wp.exe\`, \`ntdll.dll\` and exception code \`0xc0000005\`: the
             pool crashes on requests, for one of the causes below.
          3. Look in Windows Logs > System for event 5009 (a process of the pool
             \`SCEP\` ended unexpectedly) and for 5021, 5057 or 5059 (the identity of
             the pool is not accepted).
          all steps: scepwatch explain ndes-app-pool-stopped
          what happened: scepwatch history ndes-1

      Uptime
        24 h    96.6 %  of 1 h 59 min with data · down 4 min
        7 d   99.884 %  of 2 d 9 h with data · down 4 min
        30 d  99.884 %  of 2 d 9 h with data · down 4 min
        90 d  99.884 %  of 2 d 9 h with data · down 4 min

      Last 24 hours
        ·····················▁✗·
        ▁▄█ response time   ! degraded   ✗ down   ? unknown   ‖ maintenance
        · no data

      Certificates
        RA          23 days left  2026-12-17
        CA         900 days left  2029-05-12
      "
    `);
  });

  it('never shows an old path as one of now', () => {
    const text = target({ ...FLEET, summaries: [summary('a')] }, AT + HOUR);
    expect(text).toContain('? unknown  a');
    expect(text).toContain('no result for 1 h 1 min; it was ok');
    expect(text).toContain('As it was 1 h 1 min ago:');
  });

  it('explains a verdict that is no incident yet', () => {
    const { incident: _, ...rest } = downSummary('a');
    const text = target({ ...FLEET, summaries: [{ ...rest, status: 'suspect' }] });
    expect(text).toContain('ndes-app-pool-stopped: The SCEP application pool is stopped or crashes');
    expect(text).toContain('IIS answers 503 because the worker process of NDES does not run.');
    expect(text).not.toContain('Open incident');
  });

  it('harms no terminal', () => {
    const evil = '\u001b[2J\u202etxt.exe\u200b';
    const hostile = downSummary('a', 'ndes-app-pool-stopped', { view: { name: evil, tenant: evil, evidence: [evil] } });
    const text = target({ ...FLEET, summaries: [hostile] }) + status({ ...FLEET, summaries: [hostile] });
    expect(
      text
        .split('\n')
        .map(harmIn)
        .filter((harm) => harm !== undefined),
    ).toEqual([]);
  });
});

describe('an availability', () => {
  it.each([
    [1, '100 %'],
    [0.999999, '99.999 %'],
    [0.99871, '99.871 %'],
    [0.9, '90.0 %'],
    [0, '0.0 %'],
  ])('of %d is %s, and never rounded up to 100', (ratio, text) => {
    expect(percentText(ratio)).toBe(text);
  });
});

describe('the status as JSON', () => {
  it.each<[string, FleetSeen]>([
    ['with an incident', FLEET],
    ['of nothing', { summaries: [], problems: ['row _fleet/cycle is no JSON'] }],
    [
      'with a window',
      { ...FLEET, summaries: [summary('a', { status: 'maintenance', maintenance: { id: 'w', title: 'w', start: AT, end: AT + HOUR } })] },
    ],
    ['of stale targets', { ...FLEET, summaries: [summary('a', { lastAt: AT - DAY }), summary('b', { removedAt: AT })] }],
  ])('fits the published schema: %s', (_, fleet) => {
    expect(schemaProblems('status-1.schema.json', JSON.stringify(statusJson(overviewOf(fleet, AT), INCIDENTS)))).toBe('');
  });

  it('says what is open, why it was opened, and what to do first', () => {
    const { incidents, targets } = statusJson(overviewOf(FLEET, AT), INCIDENTS);
    expect(incidents).toMatchObject([
      { target: 'ndes-1', impact: 'down', verdict: { code: 'ndes-app-pool-stopped' }, reason: { name: 'failures-reached' } },
    ]);
    expect(incidents[0]?.fixes).toHaveLength(3);
    expect(targets[0]?.uptime['30d']).toMatchObject({ downSeconds: 240, knownSeconds: 208_440 });
    expect(targets[0]?.certificates[0]).toMatchObject({ role: 'RA', daysLeft: 23 });
  });
});
