import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, decide, type Seen } from '../../../src/core/monitor/decide.ts';
import { staleAfterMs } from '../../../src/core/monitor/due.ts';
import { impactOf, isBlind } from '../../../src/core/monitor/impact.ts';
import type { IncidentEvent } from '../../../src/core/monitor/incident.ts';
import type { Policy } from '../../../src/core/monitor/policy.ts';
import type { TargetState } from '../../../src/core/monitor/state.ts';
import { STATUSES, statusOf } from '../../../src/core/monitor/status.ts';
import type { VerdictCode } from '../../../src/core/verdict/code.ts';
import { type ReferenceStep, referenceMonitor } from '../../support/reference-monitor.ts';
import { SEEN_LETTERS, SEEN_VERDICTS, type SeenLetter } from '../../support/seen-verdicts.ts';

const MINUTE_MS = 60_000;
const PERIOD_MS = 5 * MINUTE_MS;
const START = Date.UTC(2026, 10, 24);
const WINDOW = { id: 'w', title: 'w', start: 0, end: 1 };

const PAGEABLE: readonly VerdictCode[] = ['ndes-policy-module-not-loaded', 'tcp-refused', 'slow-response', 'unclassified'];

const thresholds = fc.record({
  failuresBeforeAlert: fc.integer({ min: 1, max: 4 }),
  successesBeforeResolve: fc.integer({ min: 1, max: 4 }),
  pageAtOnce: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.subarray([...PAGEABLE])),
});

const flap = fc.record({
  changes: fc.integer({ min: 2, max: 6 }),
  windowMs: fc.integer({ min: 1, max: 24 }).map((periods) => periods * PERIOD_MS),
  holdMs: fc.integer({ min: 1, max: 12 }).map((periods) => periods * PERIOD_MS),
});

const letter = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<SeenLetter>('.', 'X') },
  { weight: 3, arbitrary: fc.constantFrom<SeenLetter>(...SEEN_LETTERS) },
);

/** The same a few times in a row, or two in turn: what a monitor sees is seldom pure chance. */
const letters = fc.oneof(
  fc.tuple(letter, fc.integer({ min: 1, max: 6 })).map(([one, count]) => Array.from({ length: count }, () => one)),
  fc
    .tuple(letter, letter, fc.integer({ min: 2, max: 8 }))
    .map(([one, other, count]) => Array.from({ length: count }, (_, index) => (index % 2 === 0 ? one : other))),
);

const usualPause = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 290, max: 310 }).map((seconds) => seconds * 1_000) },
  { weight: 1, arbitrary: fc.constantFrom(2 * PERIOD_MS, staleAfterMs(PERIOD_MS), staleAfterMs(PERIOD_MS) + 1, 180 * MINUTE_MS) },
);

/** Some cycles under one configuration. */
const chapter = (pause: fc.Arbitrary<number>) =>
  fc.record({
    seen: letters.chain((some) => fc.tuple(...some.map((one) => fc.record({ letter: fc.constant(one), pause })))),
    maintenance: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
    thresholds,
  });

const story = (pause: fc.Arbitrary<number>): fc.Arbitrary<readonly ReferenceStep[]> =>
  fc.tuple(fc.array(chapter(pause), { minLength: 1, maxLength: 14 }), flap, fc.boolean()).map(([chapters, flapping, changing]) => {
    let at = START;
    return chapters.flatMap(({ seen, maintenance, thresholds: own }) => {
      const policy: Policy = {
        ...(changing ? own : (chapters[0]?.thresholds ?? own)),
        flap: flapping,
        staleAfterMs: staleAfterMs(PERIOD_MS),
      };
      return seen.map(({ letter: one, pause: ms }): ReferenceStep => {
        at += ms;
        return { policy, seen: seenAt(at, one, maintenance) };
      });
    });
  });

function seenAt(at: number, one: SeenLetter, maintenance = false): Seen {
  return { target: 't', at, verdict: SEEN_VERDICTS[one], evidence: [`saw ${one}`], ...(maintenance && { maintenance: WINDOW }) };
}

function decideAll(steps: readonly ReferenceStep[], before?: TargetState): readonly Decision[] {
  const decisions: Decision[] = [];
  for (const { seen, policy } of steps) decisions.push(decide(decisions.at(-1)?.state ?? before, seen, policy));
  return decisions;
}

function throughJson(state: TargetState | undefined): TargetState | undefined {
  return state === undefined ? undefined : JSON.parse(JSON.stringify(state));
}

/** Whatever happens, and whatever the clock does. */
function expectSound(steps: readonly ReferenceStep[], decisions: readonly Decision[]): void {
  let open: string | undefined;
  const told: IncidentEvent[] = [];
  for (const [index, { state, events, transition }] of decisions.entries()) {
    const step = steps[index];
    const before = decisions[index - 1]?.state;
    expect(events.length).toBeLessThanOrEqual(1);
    for (const event of events) {
      const { id, startedAt, openedAt, endedAt, resolvedAt, updates } = event.incident;
      if (event.kind === 'opened') {
        expect(open).toBeUndefined();
        open = id;
      }
      expect(id).toBe(open);
      expect(startedAt).toBeLessThanOrEqual(openedAt);
      expect(updates.at(-1)).toMatchObject({ at: event.at, kind: event.kind, reason: event.reason });
      expect(updates.length).toBeLessThanOrEqual(50);
      if (event.kind === 'resolved') {
        expect(startedAt).toBeLessThanOrEqual(endedAt ?? Number.NaN);
        expect(endedAt).toBeLessThanOrEqual(resolvedAt ?? Number.NaN);
        expect(openedAt).toBeLessThanOrEqual(resolvedAt ?? Number.NaN);
        expect(state.incident).toBeUndefined();
        open = undefined;
      } else {
        expect(endedAt ?? resolvedAt).toBeUndefined();
        expect(state.incident).toEqual(event.incident);
      }
      if (step?.seen.maintenance !== undefined) expect(event.kind).toBe('resolved');
      if (event.kind === 'resolved') expect(impactOf(event.incident.updates.at(-1)?.verdict ?? SEEN_VERDICTS.X)).toBe('none');
      told.push(event);
    }
    expect(state.incident?.id).toBe(open);
    expect(STATUSES).toContain(statusOf(state));
    const stale = before !== undefined && step !== undefined && step.seen.at - before.lastAt > step.policy.staleAfterMs;
    const shownBefore = stale ? 'unknown' : statusOf(before);
    expect(transition?.to ?? shownBefore).toBe(statusOf(state));
    expect(transition === undefined).toBe(before !== undefined && shownBefore === statusOf(state));
    expect(state.since).toBeLessThanOrEqual(state.lastAt);
    if (state.flappingSince !== undefined) expect(state.incident).toBeDefined();
    if (step !== undefined && before !== undefined && isBlind(step.seen.verdict)) expectSameBut(state, before);
  }
}

/** A cycle that saw nothing changes nothing but what is shown. */
function expectSameBut(state: TargetState, before: TargetState): void {
  const { blind: _, lastAt: _lastAt, since: _since, maintenance: _maintenance, ...rest } = state;
  expect(before).toMatchObject(Object.fromEntries(Object.entries(rest).filter(([key]) => !TIMES.has(key))));
}

/** These may move when the clock was put back. */
const TIMES = new Set(['runSince', 'flips', 'flappingSince']);

describe('any sequence of results', () => {
  it('is decided as the reference model concludes from the whole list', { timeout: 60_000 }, () => {
    const reached = { opened: 0, changed: 0, resolved: 0, flapping: 0 };
    fc.assert(
      fc.property(story(usualPause), (steps) => {
        const views = referenceMonitor(steps);
        const decisions = decideAll(steps);
        const decided = decisions.map(({ state, events: [event] }) => ({
          confirmed: state.confirmed,
          flapping: state.flappingSince !== undefined,
          incident:
            state.incident === undefined
              ? undefined
              : {
                  openedAt: state.incident.openedAt,
                  startedAt: state.incident.startedAt,
                  impact: state.incident.impact,
                  code: state.incident.verdict.code,
                  severity: state.incident.verdict.severity,
                },
          event: event?.kind,
          endedAt: event?.incident.endedAt,
        }));
        expect(decided).toEqual(views);
        for (const { event, flapping } of views) {
          if (event !== undefined) reached[event]++;
          if (flapping) reached.flapping++;
        }
      }),
      { numRuns: 3_000 },
    );
    // A generator that never gets anywhere proves nothing.
    for (const count of Object.values(reached)) expect(count).toBeGreaterThan(300);
  });

  it('tells a story that makes sense', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(story(usualPause), (steps) => expectSound(steps, decideAll(steps))),
      { numRuns: 1_000 },
    );
  });

  it('tells a story that makes sense even when the clock is put back and forward', { timeout: 60_000 }, () => {
    const hours = (count: number): number => count * 60 * MINUTE_MS + 17_003;
    const jumpyPause = fc.oneof(
      { weight: 8, arbitrary: usualPause },
      { weight: 1, arbitrary: fc.constantFrom(-hours(1), hours(1), -hours(24), hours(24), -1, 0, -PERIOD_MS) },
    );
    fc.assert(
      fc.property(story(jumpyPause), (steps) => expectSound(steps, decideAll(steps))),
      { numRuns: 1_000 },
    );
  });

  it('ends with everything closed once it works for long enough', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(story(usualPause), fc.boolean(), (steps, maintenance) => {
        const last = steps.at(-1);
        if (last === undefined) return;
        const {
          successesBeforeResolve,
          flap: { holdMs },
        } = last.policy;
        // The first good result, and as many more as confirm it and outlast the hold.
        const enough = 1 + Math.max(successesBeforeResolve, Math.ceil(holdMs / PERIOD_MS));
        const good = Array.from(
          { length: enough },
          (_, index): ReferenceStep => ({
            policy: last.policy,
            seen: seenAt(last.seen.at + (index + 1) * PERIOD_MS, '.', maintenance),
          }),
        );
        const state = decideAll([...steps, ...good]).at(-1)?.state;
        expect(state?.incident).toBeUndefined();
        expect(state?.flappingSince).toBeUndefined();
        expect(state?.condition).toBe('ok');
      }),
      { numRuns: 1_000 },
    );
  });

  it('leads to a state that survives being stored', () => {
    fc.assert(
      fc.property(story(usualPause), (steps) => {
        let before: TargetState | undefined;
        for (const { seen, policy } of steps) {
          const decision = decide(before, seen, policy);
          expect(decide(throughJson(before), seen, policy)).toEqual(decision);
          expect(throughJson(decision.state)).toEqual(decision.state);
          before = decision.state;
        }
      }),
      { numRuns: 300 },
    );
  });
});
