import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireInstanceLock } from '../../../src/runner/instance-lock.ts';
import { freshFolder } from './run-fixture.ts';

interface Holder {
  readonly process: ChildProcess;
  /** `held`, or why not. */
  readonly said: string;
}

async function holder(folder: string): Promise<Holder> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lock-holder.ts'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { process: child, said: String(line) };
}

const NOW = (): number => Date.parse('2026-11-24T10:20:00Z');

describe('a data folder', () => {
  it('is for one instance, and the second is told which one has it', async () => {
    const folder = freshFolder();
    const lock = await acquireInstanceLock(folder, NOW);
    const before = `The data folder ${folder} is in use by process ${process.pid}, which was started at 2026-11-24T10:20:00.000Z.`;
    const after = ' Stop that one first, or choose another data folder.';
    expect((await holder(folder)).said).toBe(before + after);
    await lock.announce('http://127.0.0.1:7071');
    expect((await holder(folder)).said).toBe(`${before} It answers at http://127.0.0.1:7071.${after}`);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
    expect((await holder(folder)).said).toBe('held');
  });

  it('whose instance was killed is free', async () => {
    const folder = freshFolder();
    const { process: killed, said } = await holder(folder);
    expect(said).toBe('held');
    await expect(acquireInstanceLock(folder)).rejects.toThrow(`is in use by process ${killed.pid}, which was started at 20`);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const lock = await acquireInstanceLock(folder);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === 'linux').each([
    ['of another start', 'some-boot 1234'],
    ['of another boot', undefined],
  ])('whose instance has ended is free when its number belongs to a process %s', async (_what, incarnation) => {
    const folder = freshFolder();
    const lock = await acquireInstanceLock(folder);
    const file = join(folder, 'instance.lock');
    const stored = JSON.parse(readFileSync(file, 'utf8'));
    const other = incarnation ?? stored.incarnation.replace(/^\S+/, 'another-boot');
    writeFileSync(file, JSON.stringify({ ...stored, id: 'other', incarnation: other }));
    const second = await acquireInstanceLock(folder);
    await lock.release();
    await expect(acquireInstanceLock(folder)).rejects.toThrow('is in use');
    await second.release();
  });

  it.each(['', '{"pid":', 'null', '{"id":"x","pid":-1,"startedAt":"2026-11-24T10:20:00Z"}', '{"id":"x","pid":1}'])(
    'with %j as its lock is free',
    async (content) => {
      const folder = freshFolder();
      writeFileSync(join(folder, 'instance.lock'), content);
      const lock = await acquireInstanceLock(folder);
      expect(JSON.parse(readFileSync(join(folder, 'instance.lock'), 'utf8'))).toMatchObject({ pid: process.pid });
      await lock.release();
    },
  );

  it('is taken over by one of many that come at the same time', async () => {
    const folder = freshFolder();
    const { process: killed } = await holder(folder);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => acquireInstanceLock(folder)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['instance.lock']);
  });

  it('is free when the one that was taking it over was killed in the middle', async () => {
    const folder = freshFolder();
    const { process: killed } = await holder(folder);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const stale = readFileSync(join(folder, 'instance.lock'), 'utf8');
    const { createHash } = await import('node:crypto');
    const name = createHash('sha256').update(stale).digest('hex').slice(0, 16);
    writeFileSync(join(folder, `instance.lock.after-${name}`), stale);
    const lock = await acquireInstanceLock(folder);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });
});
