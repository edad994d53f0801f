import { describe, expect, it } from 'vitest';
import { parseSchedule, type Schedule } from '../../../src/core/schedule/ncrontab.ts';
import { recall } from '../../../src/runner/timers.ts';

function schedule(text: string): Schedule {
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.schedule;
}

const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`);
const HOURLY = schedule('0 0 * * * *');

describe('a timer that starts', () => {
  it('for the first time counts from now and has missed nothing', () => {
    expect(recall(HOURLY, undefined, at('10:20:00'))).toEqual({
      status: { next: at('11:00:00'), lastUpdated: at('10:20:00') },
      changed: true,
      isPastDue: false,
    });
  });

  it('before its next time goes on as before', () => {
    const status = { last: at('10:00:00.012'), next: at('11:00:00'), lastUpdated: at('10:00:00.012') };
    expect(recall(HOURLY, status, at('10:59:59'))).toEqual({ status, changed: false, isPastDue: false });
  });

  it.each(['11:00:00.001', '19:30:00'])('at %s has missed the time that was next', (now) => {
    const status = { last: at('10:00:00.012'), next: at('11:00:00'), lastUpdated: at('10:00:00.012') };
    expect(recall(HOURLY, status, at(now))).toEqual({ status, changed: false, isPastDue: true });
  });

  it('has missed a time that came before it ever fired', () => {
    const status = { next: at('11:00:00'), lastUpdated: at('10:20:00') };
    expect(recall(HOURLY, status, at('11:20:00')).isPastDue).toBe(true);
  });

  it('with another schedule has missed nothing and counts from now', () => {
    const status = { last: at('10:00:00'), next: at('11:00:00'), lastUpdated: at('10:00:00') };
    expect(recall(schedule('0 30 * * * *'), status, at('15:00:00'))).toEqual({
      status: { next: at('15:30:00'), lastUpdated: at('15:00:00') },
      changed: true,
      isPastDue: false,
    });
  });

  it('with another schedule takes its next time from when it last fired, if that is still to come', () => {
    const status = { last: at('10:00:00'), next: at('11:00:00'), lastUpdated: at('10:00:00') };
    expect(recall(schedule('12:00:00'), status, at('15:00:00')).status).toEqual({ next: at('22:00:00'), lastUpdated: at('10:00:00') });
  });

  it('when the clock was ahead last time counts from now', () => {
    const status = { last: at('20:00:00'), next: at('21:00:00'), lastUpdated: at('20:00:00') };
    expect(recall(HOURLY, status, at('10:20:00')).status).toEqual({ next: at('11:00:00'), lastUpdated: at('10:20:00') });
  });

  it('without any more times has missed none', () => {
    const status = { last: at('10:00:00'), lastUpdated: at('10:00:00') };
    expect(recall(schedule('0 0 0 30 2 *'), status, at('11:00:00'))).toEqual({ status, changed: false, isPastDue: false });
  });
});
