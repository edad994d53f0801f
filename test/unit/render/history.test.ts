import { describe, expect, it } from 'vitest';
import type { Incident } from '../../../src/core/monitor/incident.ts';
import type { CycleResult } from '../../../src/core/monitor/result.ts';
import { resultsCsv, rollupsCsv } from '../../../src/core/render/history-csv.ts';
import { historyJson } from '../../../src/core/render/history-json.ts';
import { HISTORY_VIEWS, type History, type HistoryOptions, historyText } from '../../../src/core/render/history-text.ts';
import { plain } from '../../../src/core/render/paint.ts';
import { columnsOf } from '../../../src/core/text/columns.ts';
import type { VerdictCode } from '../../../src/core/verdict/code.ts';
import { AT, DAY, HOUR, incident, MINUTE, rollup, seen } from '../../support/fleet.ts';
import { harmIn } from '../../support/harmless.ts';
import { schemaProblems } from '../../support/published-schema.ts';

function result(at: number, code: VerdictCode, parts: Partial<CycleResult> = {}): CycleResult {
  return {
    at,
    verdict: seen(code),
    alsoFound: [],
    evidence: code.startsWith('healthy') ? [] : ['base-url: HTTP 503'],
    durationMs: 50,
    responseMs: 40,
    checks: [{ operation: 'base-url', dialect: 'android', status: 403, ms: 12, code: 'healthy' }],
    vantage: 'test',
    rechecked: false,
    inMaintenance: false,
    ...parts,
  };
}

const ENDED: Incident = incident('ndes-1', {
  openedAt: AT - HOUR,
  startedAt: AT - HOUR - 5 * MINUTE,
  endedAt: AT - 30 * MINUTE,
  resolvedAt: AT - 25 * MINUTE,
  updates: [
    { at: AT - HOUR, kind: 'opened', reason: 'failures-reached', verdict: seen('ndes-app-pool-stopped') },
    { at: AT - 25 * MINUTE, kind: 'resolved', reason: 'successes-reached', verdict: seen('healthy') },
  ],
});

const HISTORY: History = {
  at: AT,
  target: { id: 'ndes-1', name: 'Contoso NDES 1', tenant: 'Contoso', periodMs: 5 * MINUTE },
  from: AT - 7 * DAY,
  until: AT + 1,
  incidents: [ENDED],
  results: [
    ...Array.from({ length: 6 }, (_, index) => result(AT - index * 5 * MINUTE, 'healthy')),
    ...Array.from({ length: 7 }, (_, index) => result(AT - (30 + index * 5) * MINUTE, 'ndes-app-pool-stopped', { responseMs: 3 })),
    result(AT - 65 * MINUTE, 'healthy'),
    result(AT - 5 * HOUR, 'healthy-long-url-untested'),
  ],
  hours: [
    rollup('2026-11-24T04', { up: 600 }),
    rollup('2026-11-24T08', { up: 3_300, down: 300 }),
    rollup('2026-11-24T09', { up: 1_800, down: 1_800 }),
  ],
  days: [rollup('2026-11-22', { up: 86_400 }), rollup('2026-11-24', { up: 5_700, down: 2_100 })],
};

function text(options: Partial<HistoryOptions> = {}, history: History = HISTORY): string {
  return historyText(history, { view: 'timeline', everyResult: false, limit: 50, width: 100, paint: plain, ...options });
}

describe('the history of a target', () => {
  it('is days, incidents with their reasons, and changes, newest first', () => {
    expect(`\n${text()}`).toMatchInlineSnapshot(`
      "
      Contoso NDES 1
      ndes-1 · Contoso · 2026-11-17 10:00:00Z to 2026-11-24 10:00:00Z · available 73.1 %, down 35 min

      Days
        2026-11-24  ····▁···✗✗·                 73.1 %  p50  38 ms  p95  49 ms  down 35 min
        2026-11-23  ························  no data
        2026-11-22  ························     100 %  p50  38 ms  p95  49 ms

      Incidents
        ✗ down  2026-11-24 08:55:00Z  for 35 min
          The SCEP application pool is stopped or crashes (HTTP 503)
          2026-11-24 09:00:00Z  opened    ndes-app-pool-stopped
            as many results in a row were bad as the policy asks for
          2026-11-24 09:35:00Z  resolved  healthy
            as many results in a row were better as the policy asks for

      Results, equal ones in one line
        2026-11-24 09:35:00Z  ✓ healthy                      40 ms  6 in 25 min
        2026-11-24 09:00:00Z  ✗ ndes-app-pool-stopped         3 ms  7 in 30 min · at NDES
            base-url: HTTP 503
        2026-11-24 08:55:00Z  ✓ healthy                      40 ms
        2026-11-24 05:00:00Z  · nothing for 3 h 55 min
        2026-11-24 05:00:00Z  ✓ healthy-long-url-untested    40 ms

      ▁▄█ response time   ! degraded   ✗ down   ? unknown   ‖ maintenance   · no data
      "
    `);
  });

  it('shows hours when the time is short', () => {
    expect(`\n${text({ view: 'hours', limit: 3 }, { ...HISTORY, from: AT - 6 * HOUR })}`).toMatchInlineSnapshot(`
      "
      Contoso NDES 1
      ndes-1 · Contoso · 2026-11-24 04:00:00Z to 2026-11-24 10:00:00Z · available 73.1 %, down 35 min

      Hours
        2026-11-24 10:00Z  ············  no data
        2026-11-24 09:00Z  ██████✗✗✗✗✗✗    50.0 %  p50  38 ms  p95  49 ms  down 30 min
        2026-11-24 08:00Z  ███████████✗    91.7 %  p50  38 ms  p95  49 ms  down 5 min
        … and 4 more; --limit 7 shows them
      "
    `);
  });

  it('shows every result when asked to, and says how to see more than the limit', () => {
    const lines = text({ view: 'results', everyResult: true, limit: 8 }).trimEnd().split('\n');
    expect(lines.filter((line) => /[✓✗] /.test(line))).toHaveLength(8);
    expect(lines.at(-1)).toBe('  … and 7 more; --limit 15 shows them');
  });

  it('says so where nothing is known', () => {
    const empty = text({}, { ...HISTORY, incidents: [], results: [], hours: [], days: [] });
    expect(empty).toContain('Days\n  nothing is known of these days');
    expect(empty).toContain('Incidents\n  none');
  });

  it('says how long an open incident has been open, where updates are missing, and that the target is gone', () => {
    const { endedAt: _, resolvedAt: __, ...open } = ENDED;
    const updates = Array.from({ length: 12 }, () => ENDED.updates[0]).filter((update) => update !== undefined);
    const shown = text(
      { view: 'incidents' },
      { ...HISTORY, incidents: [{ ...open, updates, updatesLeftOut: 30 }], target: { ...HISTORY.target, removedAt: AT } },
    );
    expect(shown).toContain('open for 1 h 5 min');
    expect(shown).toContain('30 updates left out here');
    expect(shown).toContain('no longer configured since 2026-11-24 10:00:00Z');
  });

  it.each([60, 72, 80, 110])('fits %i columns', (width) => {
    for (const view of HISTORY_VIEWS)
      for (const line of text({ width, view }).split('\n')) expect(columnsOf(line), line).toBeLessThanOrEqual(width);
  });

  it('harms no terminal', () => {
    const evil = '\u001b[2J\u202etxt.exe\u200b';
    const hostile = {
      ...HISTORY,
      target: { ...HISTORY.target, name: evil, tenant: evil },
      results: [result(AT, 'tcp-refused', { evidence: [evil] })],
    };
    expect(
      text({}, hostile)
        .split('\n')
        .map(harmIn)
        .filter((harm) => harm !== undefined),
    ).toEqual([]);
  });
});

describe('the history as JSON', () => {
  it.each(HISTORY_VIEWS)('fits the published schema: %s', (view) => {
    const json = historyJson(HISTORY, view, 100);
    expect(schemaProblems('history-1.schema.json', JSON.stringify(json))).toBe('');
    expect(json.cut).toBe(false);
  });

  it('has the runs of a timeline, newest first, with the gap between them', () => {
    expect(
      historyJson(HISTORY, 'timeline', 100).runs?.map((run) => (run.kind === 'gap' ? 'gap' : `${run.count} ${run.verdict.code}`)),
    ).toEqual(['6 healthy', '7 ndes-app-pool-stopped', '1 healthy', 'gap', '1 healthy-long-url-untested']);
  });

  it('says when a list was cut', () => {
    expect(historyJson(HISTORY, 'results', 3)).toMatchObject({ cut: true, results: [{}, {}, {}] });
  });
});

describe('the history as CSV', () => {
  it('has one line for each result, and nothing that a spreadsheet would run', () => {
    const lines = resultsCsv([
      result(AT, 'ndes-app-pool-stopped', { evidence: ['=HYPERLINK("http://evil.example")', 'a "quoted", thing'] }),
      result(AT - MINUTE, 'healthy', { vantage: 'lab' }),
    ]).split('\n');
    expect(lines).toEqual([
      'at,code,severity,layer,response_ms,duration_ms,rechecked,in_maintenance,vantage,evidence',
      `2026-11-24T10:00:00.000Z,ndes-app-pool-stopped,crit,ndes,40,50,false,false,test,"'=HYPERLINK(""http://evil.example""); a ""quoted"", thing"`,
      '2026-11-24T09:59:00.000Z,healthy,ok,ca,40,50,false,false,lab,',
      '',
    ]);
  });

  it('has one line for each day', () => {
    expect(rollupsCsv(HISTORY.days).split('\n').slice(0, 2)).toEqual([
      'utc,uptime,p50_ms,p95_ms,up_seconds,degraded_seconds,down_seconds,unknown_seconds,maintenance_seconds,ok_results,info_results,unknown_results,warn_results,crit_results',
      '2026-11-22,1.000000,38,49,86400,0,0,0,0,0,0,0,0,0',
    ]);
  });
});
