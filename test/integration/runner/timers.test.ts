import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { clockAt, freshFolder, type RunningFixture, runFixture } from './run-fixture.ts';

/** What a timer's handler was given the given time, counted from 0. */
function given(app: RunningFixture, functionName: string, index = 0): unknown {
  const line = app.said(functionName)[index];
  if (line === undefined) throw new Error(`${functionName} fired only ${app.said(functionName).length} times`);
  return JSON.parse(line);
}

async function untilFired(app: RunningFixture, functionName: string, times = 1): Promise<void> {
  await vi.waitFor(() => expect(app.said(functionName).length).toBeGreaterThanOrEqual(times), { timeout: 8_000, interval: 10 });
}

const EVERY_MINUTE = { SCHEDULE_FROM_SETTING: '0 * * * * *' };
const SEVEN_DECIMALS = /^2026-11-24T10:\d\d:\d\d\.\d{7}\+00:00$/;

describe('timers', () => {
  it('fire by their schedules, one alone when it is slow, on after an error, and stop', async () => {
    const app = await runFixture('busy-timer-app');
    await untilFired(app, 'everySecond', 2);
    await untilFired(app, 'failing', 2);
    await untilFired(app, 'slow', 4);
    await app.close();
    expect(given(app, 'everySecond')).toEqual({ isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: null });
    expect(app.log).toContainEqual({
      level: 'error',
      functionName: 'failing',
      text: expect.stringMatching(/^failed: Error: this timer is broken\n/),
    });
    const slow = app.said('slow');
    expect(slow.map((_line, index) => (index % 2 === 0 ? 'begins' : 'ends'))).toEqual(slow);
    const fired = app.said('everySecond').length;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(app.said('everySecond')).toHaveLength(fired);
    await expect(app.invokeTimer('everySecond')).rejects.toThrow('the timer everySecond has been stopped');
  });

  it('know nothing of a last time when they fire first, and of the one before when they fire again', async () => {
    const clock = clockAt('2026-11-24T10:59:59.700Z');
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, recheckMs: 10 });
    await untilFired(app, 'fromSetting');
    clock.set('2026-11-24T11:00:59.900Z');
    await untilFired(app, 'fromSetting', 2);
    await app.close();
    expect(given(app, 'fromSetting')).toEqual({
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: '2026-11-24T11:00:00.0000000+00:00',
        lastUpdated: expect.stringMatching(SEVEN_DECIMALS),
      },
    });
    expect(given(app, 'fromSetting', 1)).toMatchObject({
      isPastDue: false,
      scheduleStatus: {
        last: expect.stringMatching(/^2026-11-24T11:00:00\.\d{3}0000\+00:00$/),
        next: '2026-11-24T11:01:00.0000000+00:00',
      },
    });
  });

  it('that missed a time while nothing ran fire at once, and say so', async () => {
    const dataFolder = freshFolder();
    const clock = clockAt('2026-11-24T10:20:00Z');
    const first = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, dataFolder });
    await first.close();
    clock.set('2026-11-24T10:25:30Z');
    const second = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, dataFolder });
    await untilFired(second, 'fromSetting', 2);
    await second.close();
    expect(second.said('fromSetting')[0]).toBe('missed a time while nothing ran, and fires now');
    expect(given(second, 'fromSetting', 1)).toMatchObject({
      isPastDue: true,
      scheduleStatus: { last: '0001-01-01T00:00:00+00:00', next: '2026-11-24T10:21:00.0000000+00:00' },
    });
    expect(second.said('unmonitored')).toEqual([]);

    const third = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, dataFolder });
    await untilFired(third, 'atStart');
    await third.close();
    expect(third.said('fromSetting')).toEqual([]);
  });

  it('are not past due when their schedule has changed', async () => {
    const dataFolder = freshFolder();
    const clock = clockAt('2026-11-24T10:20:00Z');
    await (await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, dataFolder })).close();
    clock.set('2026-11-24T10:25:30Z');
    const app = await runFixture('timer-app', { settings: { SCHEDULE_FROM_SETTING: '0 0 */2 * * *' }, now: clock.now, dataFolder });
    await untilFired(app, 'atStart');
    await app.close();
    expect(app.said('fromSetting')).toEqual([]);
  });

  it('that run at start do so with an old status too', async () => {
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE });
    await untilFired(app, 'atStart');
    await app.close();
    expect(given(app, 'atStart')).toMatchObject({ isPastDue: false, scheduleStatus: { last: '0001-01-01T00:00:00+00:00' } });
  });

  it('fire once after the machine has slept', async () => {
    const clock = clockAt('2026-11-24T02:20:00Z');
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, recheckMs: 10 });
    clock.set('2026-11-24T10:20:05Z');
    await untilFired(app, 'unmonitored');
    await untilFired(app, 'everyPeriod');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await app.close();
    expect(app.said('unmonitored')).toHaveLength(1);
    expect(app.said('everyPeriod')).toHaveLength(1);
    expect(given(app, 'unmonitored')).toEqual({ isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: null });
    expect(given(app, 'everyPeriod')).toMatchObject({ schedule: { adjustForDST: false }, scheduleStatus: { last: expect.any(String) } });
  });

  it('count anew when the clock is set back', async () => {
    const clock = clockAt('2027-01-01T10:20:00Z');
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clock.now, recheckMs: 10 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.set('2026-11-24T10:59:59.900Z');
    await untilFired(app, 'unmonitored');
    await app.close();
  });

  it('run when told, whatever their schedule, and hand on what their handler threw', async () => {
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, now: clockAt('2026-11-24T10:20:00Z').now });
    await app.invokeTimer('everyPeriod');
    expect(given(app, 'everyPeriod')).toMatchObject({ isPastDue: false, schedule: { adjustForDST: false } });
    await expect(app.invokeTimer('failing')).rejects.toThrow('this timer is broken');
    await expect(app.invokeTimer('nobody')).rejects.toThrow('there is no timer nobody; there are: ');
    await expect(app.invokeTimer('nonsense')).rejects.toThrow("The 'nonsense' function is in error: The schedule expression '0 0 0 * * 7'");
    await app.close();
  });

  it('whose handler does not end are left behind after a while', async () => {
    const app = await runFixture('busy-timer-app', { timerDrainMs: 50 });
    await untilFired(app, 'slow');
    await app.close();
    expect(app.log).toContainEqual({ level: 'warning', functionName: 'slow', text: 'still runs after 50 ms and is left behind' });
  });

  it('are in error by themselves when a setting is missing or a schedule is none', async () => {
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE });
    await app.close();
    expect(app.functions.filter(({ error }) => error !== undefined)).toEqual([
      {
        name: 'nonsense',
        trigger: 'timer',
        schedule: '0 0 0 * * 7',
        error:
          "The schedule expression '0 0 0 * * 7' was not recognized as a valid cron expression or timespan string. (weekday: 7 is not in 0 to 6; Sunday is 0)",
      },
      { name: 'withoutSetting', trigger: 'timer', error: "'%NOBODY_SETS_THIS%' does not resolve to a value." },
    ]);
    expect(app.functions.find(({ name }) => name === 'fromSetting')).toEqual({
      name: 'fromSetting',
      trigger: 'timer',
      schedule: '0 * * * * *',
    });
    expect(app.said('never')).toEqual(['its schedule has no time in the next ten years']);
  });
});

describe('the status file', () => {
  it.each(['', '{"everyPeriod": {', '[]', 'null'])('with %j in it is set aside and timers start afresh', async (content) => {
    const dataFolder = freshFolder();
    writeFileSync(join(dataFolder, 'timers.json'), content);
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, dataFolder, now: clockAt('2026-11-24T10:20:00Z').now });
    await app.close();
    const aside = readdirSync(dataFolder).find((name) => name.startsWith('timers.json.damaged-2026-11-24T1020'));
    expect(readFileSync(join(dataFolder, aside ?? ''), 'utf8')).toBe(content);
    expect(JSON.parse(readFileSync(join(dataFolder, 'timers.json'), 'utf8'))).toMatchObject({ everyPeriod: { next: expect.any(String) } });
    expect(app.log.find(({ text }) => text.includes('is damaged'))).toMatchObject({ level: 'error' });
  });

  it('with wrong entries keeps the right ones', async () => {
    const dataFolder = freshFolder();
    const hour = { last: '2026-11-24T09:00:00.000Z', next: '2026-11-24T10:00:00.000Z', lastUpdated: '2026-11-24T09:00:00.000Z' };
    const wrong = { everyPeriod: hour, atStart: 7, fromSetting: { lastUpdated: 'today' }, never: null };
    writeFileSync(join(dataFolder, 'timers.json'), JSON.stringify(wrong));
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, dataFolder, now: clockAt('2026-11-24T10:20:00Z').now });
    await untilFired(app, 'everyPeriod', 2);
    await app.close();
    expect(given(app, 'everyPeriod', 1)).toMatchObject({ isPastDue: true });
  });

  it('that cannot be written stops no timer', async () => {
    const dataFolder = freshFolder();
    const clock = clockAt('2026-11-24T10:20:00Z');
    const app = await runFixture('timer-app', { settings: EVERY_MINUTE, dataFolder, now: clock.now, recheckMs: 10 });
    await untilFired(app, 'atStart');
    renameSync(dataFolder, `${dataFolder}-gone`);
    clock.set('2026-11-24T10:21:30Z');
    await untilFired(app, 'fromSetting');
    clock.set('2026-11-24T10:22:30Z');
    await untilFired(app, 'fromSetting', 2);
    await app.close();
    expect(app.log.find(({ text }) => text.includes('cannot write'))?.text).toContain('so missed timers will not be noticed');
  });
});
