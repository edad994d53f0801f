import { describe, expect, it } from 'vitest';
import type { MonitorPlan } from '../../../src/app/monitor-plan.ts';
import { type ConfigProblem, parseConfig } from '../../../src/config/load.ts';
import { DEFAULT_CONTROL_URLS, monitorPlan } from '../../../src/config/plan.ts';

const TARGET = '{ id: a, url: https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll }';
const DAY_MS = 86_400_000;

function plan(yaml: string): MonitorPlan {
  const loaded = parseConfig(yaml);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const planned = monitorPlan(loaded.config, { vantage: 'here' });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return planned.plan;
}

function problems(yaml: string): readonly string[] {
  const loaded = parseConfig(yaml);
  const found: readonly ConfigProblem[] = loaded.ok ? [] : loaded.problems;
  return found.map(({ setting, line, message }) => `${line} ${setting}: ${message}`);
}

describe('a plan', () => {
  it('has a default for everything that is not said', () => {
    const { targets, ...rest } = plan(`targets: [${TARGET}]`);
    expect(targets).toMatchObject([
      {
        name: 'a',
        periodMs: 300_000,
        longUrlEveryMs: 3_600_000,
        longUrlBytes: 12_000,
        answerMs: 20_000,
        dialects: ['android'],
        policy: {
          failuresBeforeAlert: 2,
          successesBeforeResolve: 2,
          staleAfterMs: 660_000,
          flap: { changes: 5, windowMs: 3_600_000, holdMs: 1_800_000 },
        },
      },
    ]);
    expect(rest).toEqual({
      vantage: 'here',
      maintenance: [],
      concurrency: 50,
      cycleBudgetMs: 180_000,
      cycleLimitMs: 540_000,
      breakAfterMs: 720_000,
      jitterMs: 2_000,
      recheckAfterMs: 5_000,
      controlUrls: DEFAULT_CONTROL_URLS,
      retention: { resultsMs: 35 * DAY_MS, hoursMs: 400 * DAY_MS },
    });
  });

  it('takes what a target says before the defaults', () => {
    const { targets } = plan(`
defaults: { periodSeconds: 600, failuresBeforeAlert: 3, flapping: { changes: 7 } }
targets:
  - ${TARGET}
  - { id: b, url: https://b.msappproxy.net/certsrv/mscep/mscep.dll, periodSeconds: 60, flapping: { holdMinutes: 5 } }`);
    expect(targets).toMatchObject([
      { periodMs: 600_000, policy: { failuresBeforeAlert: 3, flap: { changes: 7, holdMs: 1_800_000 } } },
      { periodMs: 60_000, policy: { failuresBeforeAlert: 3, flap: { changes: 5, holdMs: 300_000 } } },
    ]);
  });

  it('knows maintenance windows of both kinds', () => {
    const { maintenance } = plan(`
targets: [${TARGET}]
maintenance:
  - { id: move, title: Move of the data centre, start: '2026-12-05T20:00:00+01:00', end: '2026-12-06T02:00:00Z', targets: [a] }
  - { id: patch-tuesday, days: [tuesday], weeks: [2], at: '22:30', durationMinutes: 180, timeZone: Europe/Berlin }`);
    expect(maintenance).toEqual([
      {
        kind: 'one-off',
        id: 'move',
        title: 'Move of the data centre',
        targets: ['a'],
        start: Date.parse('2026-12-05T19:00:00Z'),
        end: Date.parse('2026-12-06T02:00:00Z'),
      },
      {
        kind: 'recurring',
        id: 'patch-tuesday',
        title: 'patch-tuesday',
        days: ['tuesday'],
        weeks: [2],
        startMinute: 1_350,
        durationMinutes: 180,
        timeZone: 'Europe/Berlin',
      },
    ]);
  });
});

describe('a configuration is refused', () => {
  const withWindow = (window: string) => `targets: [${TARGET}]\nmaintenance:\n  - ${window}`;

  it.each([
    [
      'a window for a target that is none',
      withWindow("{ id: w, targets: [aa], days: [monday], at: '22:00', durationMinutes: 60 }"),
      /no target has the id "aa"; did you mean "a"\?/,
    ],
    [
      'a window for a tenant that is none',
      withWindow("{ id: w, tenants: [Contoso], days: [monday], at: '22:00', durationMinutes: 60 }"),
      /no target belongs to this tenant/,
    ],
    [
      'a window of both kinds',
      withWindow("{ id: w, start: '2026-12-05T20:00:00Z', end: '2026-12-05T21:00:00Z', days: [monday] }"),
      /either start and end \(one-off\), or days, at and durationMinutes/,
    ],
    ['a window of neither kind', withWindow('{ id: w }'), /either start and end/],
    [
      'half a window',
      withWindow('{ id: w, days: [monday] }'),
      /maintenance\[0\]\.at: is missing; this window also needs at and durationMinutes/,
    ],
    [
      'a window that ends before it begins',
      withWindow("{ id: w, start: '2026-12-05T20:00:00Z', end: '2026-12-05T20:00:00Z' }"),
      /is not after start/,
    ],
    [
      'a time without an offset',
      withWindow("{ id: w, start: '2026-12-05T20:00:00', end: '2026-12-05T21:00:00Z' }"),
      /write a time with its offset/,
    ],
    ['a time of day that is none', withWindow("{ id: w, days: [monday], at: '24:00', durationMinutes: 60 }"), /a time of day is HH:MM/],
    [
      'a time zone that is none',
      withWindow("{ id: w, days: [monday], at: '22:00', durationMinutes: 60, timeZone: Berlin }"),
      /is no time zone that is known here/,
    ],
    ['a weekday that is none', withWindow("{ id: w, days: [mon], at: '22:00', durationMinutes: 60 }"), /maintenance\[0\]\.days\[0\]: /],
    [
      'two windows of one id',
      `${withWindow("{ id: w, days: [monday], at: '22:00', durationMinutes: 60 }")}\n  - { id: w, days: [monday], at: '23:00', durationMinutes: 60 }`,
      /"w" is already the id of another window/,
    ],
    [
      'an unknown key of a window',
      withWindow("{ id: w, day: [monday], days: [monday], at: '22:00', durationMinutes: 60 }"),
      /maintenance\[0\]\.day: is no setting; did you mean days\?/,
    ],
    [
      'an unknown key of a group',
      `targets: [${TARGET}]\ncycle: { concurency: 5 }`,
      /cycle\.concurency: is no setting; did you mean concurrency\?/,
    ],
    [
      'an unknown key below flapping',
      `targets: [{ id: a, url: 'https://x.msappproxy.net/x', flapping: { change: 5 } }]`,
      /targets\[0\]\.flapping\.change: is no setting; did you mean changes\?/,
    ],
    ['a verdict that does not exist', `defaults: { pageAtOnce: [ndes-stopped] }\ntargets: [${TARGET}]`, /defaults\.pageAtOnce\[0\]/],
    ['a control URL with a password', `controlUrls: ['https://u:p@x.example/']\ntargets: [${TARGET}]`, /without credentials/],
    ['a period of nothing', `defaults: { periodSeconds: 0 }\ntargets: [${TARGET}]`, /defaults\.periodSeconds/],
  ])('for %s', (_, yaml, expected) => {
    const found = problems(yaml);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it.each([
    [
      'a probe that would not fit into a cycle',
      '{ timeoutMs: 95000, dialects: [android, ios, windows] }',
      'targets[0].timeoutMs: lets one probe of 8 requests take 785 s; 240 s fit into a cycle',
    ],
    [
      'starts that are spread over more than the budget',
      '{}',
      'cycle.jitterSeconds: spreads the starts over 60 s, but none is made after budgetSeconds, 30 s',
    ],
  ])('for %s', (_, defaults, expected) => {
    const cycle = defaults === '{}' ? 'cycle: { jitterSeconds: 60, budgetSeconds: 30 }\n' : '';
    const loaded = parseConfig(`${cycle}defaults: ${defaults}\ntargets: [${TARGET}]`);
    const planned = loaded.ok ? monitorPlan(loaded.config, { vantage: 'here' }) : undefined;
    const found = planned?.ok === false ? planned.problems.map(({ setting, message }) => `${setting}: ${message}`) : [];
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('for a CA that stands in two places, or is damaged', () => {
    const loaded = parseConfig(
      `targets: [{ id: a, url: 'https://x.msappproxy.net/x', ca: 'no PEM', caFile: x.pem }, { id: b, url: 'https://y.msappproxy.net/x', ca: 'no PEM' }]`,
    );
    const planned = loaded.ok ? monitorPlan(loaded.config, { vantage: 'here' }) : undefined;
    expect(planned?.ok === false ? planned.problems : []).toEqual([
      { setting: 'targets[0].ca', message: 'stands beside caFile; give one of them' },
      { setting: 'targets[1].ca', message: expect.stringMatching(/^holds no PEM certificate/) },
    ]);
  });
});
