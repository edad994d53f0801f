import { describe, expect, it } from 'vitest';
import { abandon, type Decision, decide, stateAround } from '../../../src/core/monitor/decide.ts';
import { staleAfterMs } from '../../../src/core/monitor/due.ts';
import type { IncidentEvent } from '../../../src/core/monitor/incident.ts';
import { DEFAULT_FLAP, PAGE_AT_ONCE, type Policy } from '../../../src/core/monitor/policy.ts';
import { REASON_NAMES, type Reason } from '../../../src/core/monitor/reason.ts';
import type { TargetState } from '../../../src/core/monitor/state.ts';
import { statusOf } from '../../../src/core/monitor/status.ts';
import { isSeenLetter, SEEN_VERDICTS } from '../../support/seen-verdicts.ts';

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 10, 24, 8);

const PERIOD_MS = 5 * MINUTE_MS;

const POLICY: Policy = {
  failuresBeforeAlert: 2,
  successesBeforeResolve: 2,
  pageAtOnce: PAGE_AT_ONCE,
  flap: { changes: DEFAULT_FLAP.changes, windowMs: DEFAULT_FLAP.windowMinutes * MINUTE_MS, holdMs: DEFAULT_FLAP.holdMinutes * MINUTE_MS },
  staleAfterMs: staleAfterMs(PERIOD_MS),
};

/** The same, and nothing ever flaps. */
const CALM: Policy = { ...POLICY, flap: { ...POLICY.flap, changes: 1_000 } };

interface Told {
  /** `3 opened failures-reached down`: the cycle, counted from 0, what became of the incident, why, and its impact. */
  readonly events: readonly string[];
  /** `3 suspect→down failures-reached` */
  readonly transitions: readonly string[];
  readonly incidents: readonly IncidentEvent[];
  readonly decisions: readonly Decision[];
  readonly state: TargetState;
  readonly end: number;
}

/**
 * What is decided when a target shows this, one letter for each cycle of five minutes. A blank is a cycle that did not run, and from `[` to `]`
 * is a maintenance window.
 */
function tell(story: string, policy: Policy = POLICY, from: { readonly state?: TargetState; readonly at?: number } = {}): Told {
  const { at: start = START } = from;
  const decisions: Decision[] = [];
  const events: string[] = [];
  const transitions: string[] = [];
  let before = from.state;
  let cycle = 0;
  let window = false;
  for (const letter of story) {
    if (letter === '[' || letter === ']') {
      window = letter === '[';
      continue;
    }
    const at = start + cycle * PERIOD_MS;
    if (isSeenLetter(letter)) {
      const maintenance = window ? { maintenance: { id: 'patch-day', title: 'Patch day', start: 0, end: 1 } } : {};
      const decision = decide(
        before,
        { target: 'ndes-1', at, verdict: SEEN_VERDICTS[letter], evidence: [`saw ${letter}`], ...maintenance },
        policy,
      );
      for (const { kind, reason, incident } of decision.events) events.push(`${cycle} ${kind} ${reason} ${incident.impact}`);
      const { transition } = decision;
      if (transition !== undefined) transitions.push(`${cycle} ${transition.from}→${transition.to} ${transition.reason}`);
      before = decision.state;
      decisions.push(decision);
    } else if (letter !== ' ') throw new Error(`no letter: ${letter}`);
    cycle++;
  }
  if (before === undefined) throw new Error('an empty story');
  return {
    events,
    transitions,
    incidents: decisions.flatMap((decision) => decision.events),
    decisions,
    state: before,
    end: start + cycle * PERIOD_MS,
  };
}

const events = (story: string, policy?: Policy) => tell(story, policy).events;
const transitions = (story: string, policy?: Policy) => tell(story, policy).transitions;
const statuses = (story: string, policy?: Policy) =>
  tell(story, policy)
    .decisions.map(({ state }) => statusOf(state))
    .join(' ');

/** A story for each reason, and where it has to turn up. `target-removed` is about no result. */
const REASON_STORIES: Readonly<Record<Exclude<Reason, 'target-removed'>, readonly [story: string, expected: string]>> = {
  'first-result': ['.', '0 unknown→ok first-result'],
  'first-failure': ['.X', '1 ok→suspect first-failure'],
  'failure-not-confirmed': ['.X.', '2 suspect→ok failure-not-confirmed'],
  'failures-reached': ['.XX', '2 opened failures-reached down'],
  'page-at-once': ['.P', '1 opened page-at-once down'],
  'first-success': ['XX.', '2 down→recovering first-success'],
  'failed-again': ['XX.X', '3 recovering→down failed-again'],
  'successes-reached': ['XX..', '3 resolved successes-reached down'],
  'verdict-changed': ['XXYY', '3 changed verdict-changed down'],
  'severity-raised': ['eeEE', '3 changed severity-raised degraded'],
  'severity-lowered': ['EEee', '3 changed severity-lowered degraded'],
  'flapping-started': ['.X.X.X', '5 opened flapping-started down'],
  'flapping-ended': ['.X.X.X.......', '12 resolved flapping-ended down'],
  'maintenance-started': ['.[.', '1 ok→maintenance maintenance-started'],
  'maintenance-ended': ['.[.].', '2 maintenance→ok maintenance-ended'],
  'failed-through-maintenance': ['[XX]X', '2 opened failed-through-maintenance down'],
  'recovered-in-maintenance': ['XX[..', '3 resolved recovered-in-maintenance down'],
  'probe-blind': ['.b', '1 ok→unknown probe-blind'],
  'probe-sees-again': ['.b.', '2 unknown→ok probe-sees-again'],
  'results-again': ['..      .', '8 unknown→ok results-again'],
};

describe('a reason', () => {
  it.each(Object.entries(REASON_STORIES))('%s comes about', (_, [story, expected]) => {
    const told = tell(story);
    expect([...told.events, ...told.transitions]).toContain(expected);
    expect([...told.events, ...told.transitions].filter((line) => line.includes(expected.split(' ')[2] ?? ''))).not.toEqual([]);
  });

  it('has a story, whichever it is', () => {
    expect([...Object.keys(REASON_STORIES), 'target-removed'].toSorted()).toEqual([...REASON_NAMES].toSorted());
    for (const [reason, [, expected]] of Object.entries(REASON_STORIES)) expect(expected).toContain(` ${reason}`);
  });
});

describe('a failure', () => {
  it.each([1, 2, 3, 4, 5, 20])('is an incident at result number %i, when the policy asks for so many', (failuresBeforeAlert) => {
    const policy = { ...CALM, failuresBeforeAlert };
    const short = 'X'.repeat(failuresBeforeAlert - 1);
    expect(events(`.${short}.${short}.`, policy)).toEqual([]);
    const { incidents } = tell(`.${short}X`, policy);
    expect(incidents.map(({ kind, reason }) => ({ kind, reason }))).toEqual([{ kind: 'opened', reason: 'failures-reached' }]);
    expect(incidents[0]?.incident).toMatchObject({
      target: 'ndes-1',
      startedAt: START + PERIOD_MS,
      openedAt: START + failuresBeforeAlert * PERIOD_MS,
      impact: 'down',
      verdict: SEEN_VERDICTS.X,
      worst: SEEN_VERDICTS.X,
      evidence: ['saw X'],
    });
  });

  it.each([1, 2, 3, 4, 5, 20])('is over at good result number %i, when the policy asks for so many', (successesBeforeResolve) => {
    const policy = { ...CALM, successesBeforeResolve };
    const short = '.'.repeat(successesBeforeResolve - 1);
    expect(events(`XX${short}X${short}`, policy)).toEqual(['1 opened failures-reached down']);
    const { incidents } = tell(`XX${short}.`, policy);
    expect(incidents[1]).toMatchObject({
      kind: 'resolved',
      reason: 'successes-reached',
      incident: { startedAt: START, openedAt: START + PERIOD_MS, endedAt: START + 2 * PERIOD_MS, verdict: SEEN_VERDICTS.X },
    });
    expect(incidents[1]?.incident.resolvedAt).toBe(START + (1 + successesBeforeResolve) * PERIOD_MS);
  });

  it('goes from ok through suspect, down and recovering back to ok', () => {
    expect(transitions('.XX..')).toEqual([
      '0 unknown→ok first-result',
      '1 ok→suspect first-failure',
      '2 suspect→down failures-reached',
      '3 down→recovering first-success',
      '4 recovering→ok successes-reached',
    ]);
  });

  it('that a person reads about is never a surprise: info is fine', () => {
    expect(events('iiiiii')).toEqual([]);
    expect(statuses('.ii.')).toBe('ok ok ok ok');
    expect(events('XXii')).toEqual(['1 opened failures-reached down', '3 resolved successes-reached down']);
  });

  it('at the very first look is no incident before it is confirmed', () => {
    expect(transitions('XX')).toEqual(['0 unknown→suspect first-result', '1 suspect→down failures-reached']);
    expect(events('P')).toEqual(['0 opened page-at-once down']);
  });

  it('after a recovery is an incident of its own', () => {
    const { incidents } = tell('XX..XX..');
    expect(incidents.map(({ kind }) => kind)).toEqual(['opened', 'resolved', 'opened', 'resolved']);
    expect(new Set(incidents.map(({ incident }) => incident.id)).size).toBe(2);
    expect(incidents[2]?.incident.startedAt).toBe(START + 4 * PERIOD_MS);
  });

  it('starts with its first bad result, of whatever kind', () => {
    expect(tell('.uwX').incidents[0]?.incident.startedAt).toBe(START + PERIOD_MS);
  });
});

describe('a verdict that pages at once', () => {
  it('waits for nothing', () => {
    expect(events('.P', { ...CALM, failuresBeforeAlert: 5 })).toEqual(['1 opened page-at-once down']);
    expect(transitions('.P')).toContain('1 ok→down page-at-once');
  });

  it('says so only when it did not wait', () => {
    expect(events('.XP')).toEqual(['2 opened failures-reached down']);
    expect(events('.P', { ...CALM, failuresBeforeAlert: 1 })).toEqual(['1 opened failures-reached down']);
  });

  it('makes an open incident worse at once', () => {
    expect(events('wwP')).toEqual(['1 opened failures-reached degraded', '2 changed page-at-once down']);
  });

  it('is news at once in an incident about something else', () => {
    expect(events('XXP')).toEqual(['1 opened failures-reached down', '2 changed verdict-changed down']);
  });

  it('needs as many good results as any other', () => {
    expect(events('P.P..')).toEqual(['0 opened page-at-once down', '4 resolved successes-reached down']);
  });
});

describe('trouble of several kinds', () => {
  it('gets worse as soon as the worse is confirmed', () => {
    expect(events('wwXX')).toEqual(['1 opened failures-reached degraded', '3 changed failures-reached down']);
    expect(statuses('wwXX')).toBe('suspect degraded degraded down');
  });

  it('eases as soon as the milder is confirmed, and ends from there', () => {
    expect(events('XXwwww..')).toEqual([
      '1 opened failures-reached down',
      '3 changed successes-reached degraded',
      '7 resolved successes-reached degraded',
    ]);
    expect(statuses('XXww')).toBe('suspect down recovering degraded');
    expect(tell('XXww').incidents[1]?.incident).toMatchObject({ verdict: SEEN_VERDICTS.w, worst: SEEN_VERDICTS.X, evidence: ['saw w'] });
  });

  it('is as bad as every one of the results that confirm it', () => {
    expect(events('.wX')).toEqual(['2 opened failures-reached degraded']);
    expect(tell('.wX').incidents[0]?.incident.verdict).toEqual(SEEN_VERDICTS.X);
    expect(events('.uX')).toEqual(['2 opened failures-reached unknown']);
  });

  it('that eases over a good result keeps the verdict that it was about', () => {
    const { incidents } = tell('XXw.');
    expect(incidents.map(({ reason, incident }) => [reason, incident.impact, incident.verdict.code])).toEqual([
      ['failures-reached', 'down', 'ndes-app-pool-stopped'],
      ['successes-reached', 'degraded', 'ndes-app-pool-stopped'],
    ]);
    expect(incidents[1]?.incident.evidence).toEqual(['saw X']);
  });

  it('is told by another verdict once that stays', () => {
    expect(events('XXY')).toHaveLength(1);
    expect(events('XXYY')).toEqual(['1 opened failures-reached down', '3 changed verdict-changed down']);
    expect(events('XXYXYXYX', CALM)).toHaveLength(1);
    const three = { ...CALM, failuresBeforeAlert: 3 };
    expect(events('XXXYYY', three)).toEqual(['2 opened failures-reached down', '5 changed verdict-changed down']);
    expect(events('XXYYYYYY')).toHaveLength(2);
  });

  it('is not told by a verdict that is less bad than the trouble', () => {
    expect(events('XXw')).toHaveLength(1);
    expect(events('XXwX')).toHaveLength(1);
  });

  it('remembers the worst verdict that it was about', () => {
    expect(tell('wwXXww').state.incident).toMatchObject({ verdict: SEEN_VERDICTS.w, worst: SEEN_VERDICTS.X });
    expect(tell('XXYY').state.incident?.worst).toEqual(SEEN_VERDICTS.Y);
    expect(tell('YYXX').state.incident?.worst).toEqual(SEEN_VERDICTS.Y);
  });
});

describe('a certificate that runs out', () => {
  it('becomes more urgent and is never an outage', () => {
    expect(events('eeEEEE')).toEqual(['1 opened failures-reached degraded', '3 changed severity-raised degraded']);
    expect(statuses('eeEE')).toBe('suspect degraded degraded degraded');
  });

  it('that was renewed is less urgent, then fine', () => {
    expect(events('EEee..')).toEqual([
      '1 opened failures-reached degraded',
      '3 changed severity-lowered degraded',
      '5 resolved successes-reached degraded',
    ]);
  });

  it('is told again only when the urgency stays', () => {
    expect(events('eeEeEeEe')).toHaveLength(1);
  });
});

describe('a verdict that nobody can judge', () => {
  it('is an incident of its own kind', () => {
    expect(events('.uu..')).toEqual(['2 opened failures-reached unknown', '4 resolved successes-reached unknown']);
    expect(statuses('.uu..')).toBe('ok suspect unknown unknown ok');
  });

  it('gives way to what is worse', () => {
    expect(events('uuww')).toEqual(['1 opened failures-reached unknown', '3 changed failures-reached degraded']);
  });
});

describe('a monitor without a network', () => {
  it('changes what is shown and nothing else', () => {
    const before = tell('.XX').state;
    const { state, events: none } = tell('b', POLICY, { state: before, at: START + 3 * PERIOD_MS });
    expect(none).toEqual([]);
    expect(state).toEqual({ ...before, blind: true, lastAt: START + 3 * PERIOD_MS, since: START + 3 * PERIOD_MS });
    expect(statusOf(state)).toBe('unknown');
  });

  it('neither confirms nor ends anything', () => {
    expect(events('.XbX')).toEqual(['3 opened failures-reached down']);
    expect(events('XX.bb.')).toEqual(['1 opened failures-reached down']);
    expect(events('.bbbbbbbb')).toEqual([]);
    expect(events('XXbbbbbbbb')).toHaveLength(1);
  });

  it('remembers nothing that lies too far back when it sees again', () => {
    expect(events('.XbbX')).toEqual([]);
    expect(events('.XbbXX')).toEqual(['5 opened failures-reached down']);
  });

  it('lets flapping neither go on nor end', () => {
    const flapping = tell('.X.X.X').state;
    const { state } = tell('bbbbbbbbbb', POLICY, { state: flapping, at: START + 6 * PERIOD_MS });
    expect(state).toMatchObject({ flips: flapping.flips, flappingSince: flapping.flappingSince, incident: flapping.incident });
  });

  it('at the very first look knows nothing', () => {
    expect(transitions('b.')).toEqual(['0 unknown→unknown probe-blind', '1 unknown→ok probe-sees-again']);
    expect(events('bXX')).toEqual(['2 opened failures-reached down']);
  });
});

describe('flapping', () => {
  it('is seen although no two results in a row are bad', () => {
    expect(events('.X.X.X.X.X')).toEqual(['5 opened flapping-started down']);
    expect(statuses('.X.X.X.')).toBe('ok suspect ok suspect ok flapping flapping');
    expect(tell('.X.X.X').incidents[0]?.incident).toMatchObject({
      startedAt: START + PERIOD_MS,
      verdict: SEEN_VERDICTS.X,
      evidence: ['saw X'],
    });
  });

  it.each([10, 15, 30, 60, 1_440])('is seen with a period of %i minutes as well', (minutes) => {
    const periodMs = minutes * MINUTE_MS;
    const policy = { ...POLICY, staleAfterMs: staleAfterMs(periodMs) };
    let state: TargetState | undefined;
    const told: string[] = [];
    for (let cycle = 0; cycle < 8; cycle++) {
      const verdict = SEEN_VERDICTS[cycle % 2 === 0 ? '.' : 'X'];
      const decision = decide(state, { target: 't', at: START + cycle * periodMs, verdict, evidence: [] }, policy);
      told.push(...decision.events.map(({ kind, reason }) => `${cycle} ${kind} ${reason}`));
      state = decision.state;
    }
    expect(told).toEqual(['5 opened flapping-started']);
  });

  it('that starts with a good result is about the bad one before it', () => {
    expect(tell('X.X.X.', POLICY).incidents[0]).toMatchObject({
      kind: 'opened',
      reason: 'flapping-started',
      incident: { verdict: SEEN_VERDICTS.X },
    });
  });

  it('is no flapping when the changes lie far apart', () => {
    expect(events(`.X${'.'.repeat(12)}`.repeat(5))).toEqual([]);
    expect(events('.X.X.')).toEqual([]);
    expect(events(`.X.X.${'.'.repeat(9)}X`)).toEqual([]);
    expect(events(`.X.X.${'.'.repeat(8)}X`)).toEqual(['13 opened flapping-started down']);
  });

  it('is between working and failing, not between fine and slow', () => {
    expect(events('.w.w.w.w.w')).toEqual([]);
    expect(events('wXwXwX')).toEqual(['1 opened failures-reached degraded', '5 changed flapping-started down']);
  });

  it('holds every message until it is steady', () => {
    expect(events('.X.X.XX..XXYY..XX..XX')).toEqual(['5 opened flapping-started down']);
  });

  it('turns an open incident into a flapping one', () => {
    expect(events('XX.X.X.X.X')).toEqual(['1 opened failures-reached down', '6 changed flapping-started down']);
    expect(events('ww.XwX.X')).toEqual(['1 opened failures-reached degraded', '7 changed flapping-started down']);
  });

  it('that ends while it works resolves the incident', () => {
    const { events: told, incidents, transitions: moved } = tell('.X.X.X.......');
    expect(told).toEqual(['5 opened flapping-started down', '12 resolved flapping-ended down']);
    expect(incidents[1]?.incident).toMatchObject({ endedAt: START + 6 * PERIOD_MS, resolvedAt: START + 12 * PERIOD_MS });
    expect(moved.at(-1)).toBe('12 flapping→ok flapping-ended');
  });

  it('that ends while it fails goes on as what it is', () => {
    const { events: told, transitions: moved } = tell('.X.X.XXXXXXX');
    expect(told).toEqual(['5 opened flapping-started down', '11 changed flapping-ended down']);
    expect(moved.at(-1)).toBe('11 flapping→down flapping-ended');
    expect(events('.X.X.Xwwwwwww')).toEqual(['5 opened flapping-started down', '12 changed flapping-ended degraded']);
  });

  it('never ends in a recovery that nobody has seen', () => {
    const policy = { ...POLICY, failuresBeforeAlert: 10 };
    expect(events('.X.X.XXXXXXX', policy)).toEqual(['5 opened flapping-started down']);
    expect(events('.X.X.XXXXXXXXXX', policy)).toEqual(['5 opened flapping-started down', '14 changed flapping-ended down']);
  });

  it('never ends while more good results are asked for', () => {
    const policy = { ...POLICY, successesBeforeResolve: 9 };
    expect(events('XX.X.X.......', policy)).toEqual(['1 opened failures-reached down', '6 changed flapping-started down']);
    expect(events('XX.X.X.........', policy)).toEqual([
      '1 opened failures-reached down',
      '6 changed flapping-started down',
      '14 resolved flapping-ended down',
    ]);
  });

  it('begins to be steady anew after hours without data', () => {
    const hours = ' '.repeat(36);
    expect(events(`.X.X.X${hours}.`)).toHaveLength(1);
    expect(events(`.X.X.X${hours}......`)).toHaveLength(1);
    expect(events(`.X.X.X${hours}.......`)).toEqual(['5 opened flapping-started down', '48 resolved flapping-ended down']);
    expect(events(`.X.X.X${hours}X......`)).toHaveLength(1);
  });

  it('starts from zero once it has ended', () => {
    expect(events('.X.X.X.......X.X.')).toHaveLength(2);
    expect(events('.X.X.X.......X.X.X')).toEqual([
      '5 opened flapping-started down',
      '12 resolved flapping-ended down',
      '17 opened flapping-started down',
    ]);
  });

  it('does not begin in maintenance', () => {
    expect(events('.[X.X.X.X.X].')).toEqual([]);
    expect(events('.X.[X.X.X.X].')).toEqual([]);
  });

  it('is held for longer than the changes are counted, when the policy says so', () => {
    const policy = { ...POLICY, flap: { changes: 2, windowMs: 10 * MINUTE_MS, holdMs: 60 * MINUTE_MS } };
    expect(events(`.X.wXw${'w'.repeat(11)}`, policy).at(-1)).toBe('2 opened flapping-started down');
    expect(events(`.X.wXw${'w'.repeat(12)}`, policy).at(-1)).toBe('17 changed flapping-ended degraded');
  });
});

/** When an outage starts and ends relative to a maintenance window, and what is told. Every bad run is long enough to be confirmed. */
const MAINTENANCE_STORIES: readonly (readonly [starts: string, ends: string, story: string, expected: readonly string[]])[] = [
  ['before', 'before', '.XX..[....]..', ['2 opened failures-reached down', '4 resolved successes-reached down']],
  ['before', 'at its start', '.XX.[....]..', ['2 opened failures-reached down', '4 resolved recovered-in-maintenance down']],
  ['before', 'within', '.XX[XX..]..', ['2 opened failures-reached down', '6 resolved recovered-in-maintenance down']],
  ['before', 'at its end', '.XX[XX.]...', ['2 opened failures-reached down', '6 resolved successes-reached down']],
  ['before', 'after', '.XX[XXXX]XX..', ['2 opened failures-reached down', '10 resolved successes-reached down']],
  ['at its start', 'within', '..X[XX..]..', []],
  ['at its start', 'at its end', '..X[XX.]...', []],
  ['at its start', 'after', '..X[XXXX]XX..', ['7 opened failed-through-maintenance down', '10 resolved successes-reached down']],
  ['within', 'within', '...[.XX.]...', []],
  ['within', 'at its end', '...[.XX]....', []],
  ['within', 'after', '...[.XX]XX...', ['6 opened failed-through-maintenance down', '9 resolved successes-reached down']],
  [
    'within',
    'after, with a good result at its end',
    '...[.XX].XX...',
    ['7 opened failed-through-maintenance down', '10 resolved successes-reached down'],
  ],
  ['at its end', 'after', '...[..X]XX...', ['6 opened failures-reached down', '9 resolved successes-reached down']],
  ['at its end', 'at its end', '...[..X]....', []],
  ['after', 'after', '...[...].XX..', ['8 opened failures-reached down', '10 resolved successes-reached down']],
];

describe('maintenance', () => {
  it.each(MAINTENANCE_STORIES)('with an outage that starts %s and ends %s', (_, __, story, expected) => {
    expect(events(story)).toEqual(expected);
  });

  it('is what people see while it lasts', () => {
    expect(statuses('.[.X].')).toBe('ok maintenance maintenance ok');
    expect(transitions('.[XX]X')).toEqual([
      '0 unknown→ok first-result',
      '1 ok→maintenance maintenance-started',
      '3 maintenance→down maintenance-ended',
    ]);
  });

  it('hides that the monitor is blind, and does not end because of it', () => {
    expect(transitions('.[bb].')).toEqual([
      '0 unknown→ok first-result',
      '1 ok→maintenance maintenance-started',
      '3 maintenance→ok maintenance-ended',
    ]);
    expect(transitions('.[.]b')).toContain('2 maintenance→unknown probe-blind');
  });

  it('that begins with the first result is told as the first result', () => {
    expect(transitions('[.')).toEqual(['0 unknown→maintenance first-result']);
    expect(transitions('[b')).toEqual(['0 unknown→maintenance first-result']);
  });

  it('keeps quiet about everything but a recovery', () => {
    expect(events('ww[XXYYwwXX..].')).toEqual(['1 opened failures-reached degraded', '11 resolved recovered-in-maintenance degraded']);
  });

  it('is followed by what got worse, milder or different in it', () => {
    expect(events('ww[XX]X')).toEqual(['1 opened failures-reached degraded', '4 changed failures-reached down']);
    expect(events('XX[ww]w')).toEqual(['1 opened failures-reached down', '4 changed successes-reached degraded']);
    expect(events('XX[YY]Y')).toEqual(['1 opened failures-reached down', '4 changed verdict-changed down']);
  });

  it('lets an outage start when it really did', () => {
    expect(tell('...[.XX]X').incidents[0]?.incident).toMatchObject({
      startedAt: START + 4 * PERIOD_MS,
      openedAt: START + 6 * PERIOD_MS,
    });
  });

  it('that ends unseen is over all the same', () => {
    expect(events('.[XX]bX')).toEqual(['4 opened failed-through-maintenance down']);
  });

  it('keeps flapping from ending in a message, unless it works', () => {
    expect(events('.X.X.X[XXXXXXX]XX')).toEqual(['5 opened flapping-started down']);
    expect(events('.X.X.X[.......].')).toEqual(['5 opened flapping-started down', '12 resolved recovered-in-maintenance down']);
  });
});

describe('hours without data', () => {
  const hours = ' '.repeat(36);

  it('confirm no failure', () => {
    expect(events(`.X${hours}X`)).toEqual([]);
    expect(events(`.X${hours}XX`)).toEqual(['39 opened failures-reached down']);
    expect(tell(`.X${hours}XX`).incidents[0]?.incident.startedAt).toBe(START + 38 * PERIOD_MS);
    expect(events(`[XX]${hours}X`)).toEqual([]);
  });

  it('confirm no recovery', () => {
    expect(events(`XX.${hours}.`)).toHaveLength(1);
    expect(events(`XX.${hours}..`)).toEqual(['1 opened failures-reached down', '40 resolved successes-reached down']);
    expect(events(`XX${hours}X`)).toHaveLength(1);
    expect(statuses(`XX${hours}.X`)).toBe('suspect down recovering down');
  });

  it('begin after two periods and a minute', () => {
    expect(events('.X X')).toEqual(['3 opened failures-reached down']);
    expect(events('.X  X')).toEqual([]);
  });

  it('keep neither a verdict nor a flip waiting', () => {
    expect(events(`XXY${hours}Y`)).toHaveLength(1);
    expect(events(`.X.X.${hours}X`)).toEqual([]);
  });
});

describe('a clock', () => {
  const HOUR_MS = 60 * MINUTE_MS;
  const DAY_MS = 24 * HOUR_MS;

  it.each([HOUR_MS, DAY_MS])('that is put back by %i ms leaves nothing open and nothing in the future', (backMs) => {
    const before = tell('.XX');
    const back = tell('XX..', POLICY, { state: before.state, at: before.end - backMs });
    expect(back.events).toEqual(['3 resolved successes-reached down']);
    const { incident } = back.incidents[0] ?? {};
    expect(incident?.resolvedAt).toBeGreaterThanOrEqual(incident?.openedAt ?? Number.NaN);
    expect(incident?.endedAt).toBeGreaterThanOrEqual(incident?.startedAt ?? Number.NaN);
    expect(incident?.endedAt).toBeLessThanOrEqual(incident?.resolvedAt ?? Number.NaN);
    const { since, runSince } = tell('.', POLICY, { state: tell('....').state, at: START - backMs }).state;
    expect(Math.max(since, runSince)).toBe(START - backMs);
  });

  it.each([HOUR_MS, DAY_MS])('that is put back by %i ms does not hold flapping for longer', (backMs) => {
    const { state, end } = tell('.X.X.X');
    const told = tell('........', POLICY, { state, at: end - backMs });
    expect(told.events).toEqual(['6 resolved flapping-ended down']);
  });

  it.each([HOUR_MS, DAY_MS])('that is put forward by %i ms confirms nothing', (aheadMs) => {
    const bad = tell('.X');
    expect(tell('X', POLICY, { state: bad.state, at: bad.end + aheadMs }).events).toEqual([]);
    const recovering = tell('XX.');
    expect(tell('.', POLICY, { state: recovering.state, at: recovering.end + aheadMs }).events).toEqual([]);
    expect(tell('..', POLICY, { state: recovering.state, at: recovering.end + aheadMs }).events).toHaveLength(1);
  });
});

describe('a target that is no longer configured', () => {
  it('ends its incident', () => {
    const { state, end } = tell('.XX');
    const { event, state: left } = abandon(state, end) ?? {};
    expect(event).toMatchObject({
      kind: 'resolved',
      reason: 'target-removed',
      at: end,
      incident: { id: state.incident?.id, endedAt: end, resolvedAt: end, openedAt: START + 2 * PERIOD_MS },
    });
    expect(event?.incident.updates.at(-1)).toEqual({ at: end, kind: 'resolved', reason: 'target-removed', verdict: SEEN_VERDICTS.X });
    expect(left?.incident).toBeUndefined();
    expect(statusOf(left)).toBe('unknown');
    expect(left).toMatchObject({ lastAt: state.lastAt, verdict: state.verdict });
  });

  it('has nothing to end when nothing is open', () => {
    expect(abandon(tell('.X.').state, START)).toBeUndefined();
  });

  it.each(['.XX', '.X.X.X', '[.', 'XX[X'])('starts afresh when it comes back after %j', (story) => {
    const { state, end } = tell(story);
    const left = abandon(state, end)?.state ?? state;
    expect(tell('.....', POLICY, { state: left, at: end }).events).toEqual([]);
    expect(tell('X.', POLICY, { state: left, at: end }).events).toEqual([]);
    expect(tell('XX', POLICY, { state: left, at: end }).events).toEqual(['1 opened failures-reached down']);
  });
});

describe('a configuration that changes while an incident is open', () => {
  const OTHERS: readonly (readonly [what: string, policy: Policy])[] = [
    ['more failures', { ...POLICY, failuresBeforeAlert: 20 }],
    ['fewer failures', { ...POLICY, failuresBeforeAlert: 1 }],
    ['more successes', { ...POLICY, successesBeforeResolve: 20 }],
    ['fewer successes', { ...POLICY, successesBeforeResolve: 1 }],
    ['no page at once', { ...POLICY, pageAtOnce: [] }],
    ['another page at once', { ...POLICY, pageAtOnce: ['tcp-refused', 'ndes-app-pool-stopped'] }],
    ['fewer changes that are flapping', { ...POLICY, flap: { ...POLICY.flap, changes: 2 } }],
    ['no hold', { ...POLICY, flap: { ...POLICY.flap, holdMs: 0 } }],
    ['a longer period', { ...POLICY, staleAfterMs: staleAfterMs(60 * MINUTE_MS) }],
  ];

  it.each(
    OTHERS.flatMap(([what, policy]) => ['XX', 'P', 'XX.', 'wwXX', '.X.X.X', 'uu', 'EE'].map((story) => [what, story, policy] as const)),
  )('to %s still ends the incident of %j, and only then', (_, story, policy) => {
    const { state, end } = tell(story);
    expect(state.incident).toBeDefined();
    const bad = tell(story.slice(-1).replace('.', 'X'), policy, { state, at: end });
    expect(bad.state.incident?.id).toBe(state.incident?.id);
    const good = tell('.'.repeat(25), policy, { state: bad.state, at: bad.end });
    expect(good.incidents.at(-1)).toMatchObject({ kind: 'resolved', incident: { id: state.incident?.id } });
    expect(good.incidents.filter(({ kind }) => kind !== 'changed')).toHaveLength(1);
  });
});

describe('a configuration that changes while nothing is open', () => {
  it('makes no flapping of changes that are past', () => {
    const policy = { ...POLICY, flap: { ...POLICY.flap, changes: 2 } };
    const { state, end } = tell('.X.X.');
    expect(tell('..', policy, { state, at: end }).events).toEqual([]);
    expect(tell('[..', policy, { state, at: end }).events).toEqual([]);
    expect(tell('X', policy, { state, at: end }).events).toEqual(['0 opened flapping-started down']);
  });
});

describe('the updates of an incident', () => {
  it('are bounded, with the first and the last of them', () => {
    const { state } = tell(`XX${'YYXX'.repeat(60)}`);
    const { updates = [], updatesLeftOut = 0 } = state.incident ?? {};
    expect(updates).toHaveLength(50);
    expect(updates.length + updatesLeftOut).toBe(1 + 120);
    expect(updates[0]).toMatchObject({ kind: 'opened', at: START + PERIOD_MS });
    expect(updates[9]?.at).toBeLessThan(updates[10]?.at ?? 0);
    expect(updates.at(-1)?.at).toBe(state.lastAt);
    expect(updates.slice(1).every(({ reason }) => reason === 'verdict-changed')).toBe(true);
  });

  it('tell its whole story', () => {
    const { incidents } = tell('wwXX..');
    expect(incidents.at(-1)?.incident.updates.map(({ at, kind, reason }) => [(at - START) / PERIOD_MS, kind, reason])).toEqual([
      [1, 'opened', 'failures-reached'],
      [3, 'changed', 'failures-reached'],
      [5, 'resolved', 'successes-reached'],
    ]);
  });
});

describe('a state of which only the incident is left', () => {
  it('ends the incident as any other', () => {
    const { incident } = tell('.XX').state;
    const state = stateAround({ at: START + 2 * PERIOD_MS, verdict: SEEN_VERDICTS.X }, incident);
    expect(tell('..', POLICY, { state, at: START + 3 * PERIOD_MS }).incidents).toMatchObject([
      { kind: 'resolved', incident: { id: incident?.id } },
    ]);
    expect(tell('XXXX', POLICY, { state, at: START + 3 * PERIOD_MS }).events).toEqual([]);
  });

  it('is a fresh start without one', () => {
    const state = stateAround({ at: START, verdict: SEEN_VERDICTS.X }, undefined);
    expect(tell('X.', POLICY, { state, at: START + PERIOD_MS }).events).toEqual([]);
  });
});
