import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/server.ts';
import { schemaProblems } from '../support/published-schema.ts';
import { type RunningCommand, runningCommand, SCEPWATCH } from '../support/running-command.ts';
import { scepwatch } from '../support/scepwatch.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'scepwatch-watch-'));

function watch(...args: readonly string[]): RunningCommand {
  return runningCommand(process.execPath, [SCEPWATCH, 'watch', ...args]);
}

describe('scepwatch watch --once', () => {
  it('prints the table and exits by the worst verdict', async () => {
    await using healthy = await startSimulator();
    await using broken = await startSimulator({ fault: 'ndes-app-pool-stopped' });
    const { code, stdout, stderr } = await scepwatch(['watch', healthy.url, broken.url, '--once', '--every', '4']);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^! 1 suspect {3}✓ 1 ok\n/);
    expect(stdout).toMatch(/✓–✓–✓✓✓✗·· .*\n +╰─ NDES: ndes-app-pool-stopped\n/);
    expect(stdout).toMatch(/nothing is kept\n$/);
    expect(code).toBe(2);
    expect((await scepwatch(['watch', healthy.url, '--once'])).code).toBe(0);
  });

  it('watches the targets of a configuration file, by their names', async () => {
    await using simulator = await startSimulator();
    const file = join(FOLDER, 'watch.yaml');
    writeFileSync(file, `vantage: the cellar\ntargets:\n  - id: one\n    name: Contoso NDES\n    url: ${simulator.url}\n`);
    const { code, stdout } = await scepwatch(['watch', '--config', file, '--once']);
    expect(stdout).toContain('Contoso NDES');
    expect(stdout).toContain('1 target watched from the cellar');
    expect(code).toBe(0);
  });

  it('prints JSON objects, one on each line', async () => {
    await using simulator = await startSimulator({ fault: 'iis-auth-required' });
    const { code, stdout } = await scepwatch(['watch', simulator.url, '--once', '--json', '--every', '1']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => schemaProblems('watch-1.schema.json', line))).toEqual(['', '']);
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['change', 'cycle']);
    expect(JSON.parse(lines[0] ?? '').target.verdict.code).toBe('iis-auth-required');
    expect(code).toBe(2);
  });

  it.each([
    [['https://x.example', '--data', '.'], /URLs and --config are watched from here, --storage and --data show a running monitor/],
    [['--every', '5'], /--every goes with URLs or --config/],
    [['--every', '0', 'https://x.example'], /whole number of seconds from 1 to 86400/],
    [['--ca', 'x.pem'], /--ca goes with URLs/],
    [['nowhere'], /"nowhere" is not a URL/],
    [['https://x.example', 'https://x.example/certsrv/mscep/mscep.dll'], /x\.example is named twice/],
    [['--config', join(FOLDER, 'none.yaml')], /--config: .*none\.yaml: no such file/],
    [['--data', FOLDER], /no monitor runs with its data in .*: there is no runner\.json; start one with npm start/],
    [['--storage', 'AccountName=x;AccountKey=c2VjcmV0'], /cannot be read: /],
  ])('refuses %j in one line, and as JSON', async (args, says) => {
    const { code, stdout, stderr } = await scepwatch(['watch', ...args]);
    expect(stderr).toMatch(says);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain('c2VjcmV0');
    expect(stdout).toBe('');
    expect(code).toBe(3);
    expect(schemaProblems('error-1.schema.json', (await scepwatch(['watch', ...args, '--json'])).stdout)).toBe('');
  });
});

describe('scepwatch watch without a terminal', () => {
  it('prints a line for each change and each cycle while a fault comes and goes', async () => {
    await using simulator = await startSimulator();
    const command = watch(simulator.url, '--every', '1');
    await command.saying(/^\S+Z ✓ \S+ \(\S+\): ok, healthy\n\S+Z = cycle: 1 target: 1 ok, took .*, next \S+Z\n/);
    await simulator.setFault('ndes-app-pool-stopped');
    await command.saying(/Z ! .*: ok → suspect, ndes-app-pool-stopped at NDES: The SCEP application pool is stopped/);
    await command.saying(/Z ✗ .*: suspect → down, .*; incident opened: as many results in a row were bad/);
    await simulator.setFault('healthy');
    await command.saying(/Z ↗ .*: down → recovering, healthy/);
    await command.saying(/Z ✓ .*: recovering → ok, .*; incident resolved: as many results in a row were better/);
    command.kill('SIGINT');
    expect(await command.ended).toBe(0);
    expect(command.said()).not.toContain('\u001b');
    expect(
      command
        .said()
        .split('\n')
        .filter((line) => /[✓!✗↗] /.test(line)),
    ).toHaveLength(5);
  });

  it('ends at once although a server is silent', async () => {
    await using simulator = await startSimulator({ fault: 'client-timeout' });
    const command = watch(simulator.url);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const before = performance.now();
    command.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it('ends when nobody reads any more', async () => {
    await using simulator = await startSimulator();
    const command = watch(simulator.url, '--every', '1');
    await command.saying(/= cycle/);
    command.hangUp();
    expect(await command.ended).toBe(0);
  });
});

const SCRIPT = '/usr/bin/script';
const skip = !existsSync(SCRIPT);
const pseudoTerminal = { skip, meta: skip ? { skipReason: `missing ${SCRIPT} (util-linux), which makes a pseudo-terminal` } : {} };

const SHOWN = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const RESTORED = '\u001b[?7h\u001b[?25h\u001b[?1049l';

describe('scepwatch watch on a terminal', pseudoTerminal, () => {
  /** In a terminal of 80 by 24; says its device and its process first. */
  function onTerminal(args: string, environment: Readonly<Record<string, string>> = {}): RunningCommand {
    const line = `stty cols 80 rows 24; tty; echo pid=$$; exec '${process.execPath}' '${SCEPWATCH}' watch ${args}`;
    return runningCommand(SCRIPT, ['-qfec', line, '/dev/null'], { environment: { TERM: 'xterm', SHELL: '/bin/sh', ...environment } });
  }

  /** The last frame that was drawn, without colours. */
  function lastFrame(said: string): string {
    return (said.split('\u001b[H').at(-1) ?? '').replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
  }

  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('draws a table and leaves everything as it was on %s', async (_, key) => {
    await using simulator = await startSimulator({ fault: 'ndes-app-pool-stopped' });
    const command = onTerminal(`${simulator.url} --every 1`);
    await command.saying(/1 down[\s\S]*q or Ctrl-C ends/);
    expect(command.said()).toContain(SHOWN);
    expect(lastFrame(command.said())).toMatch(
      /╰─ NDES: ndes-app-pool-stopped[\s\S]*The SCEP application pool is stopped[\s\S]*q or Ctrl-C ends/,
    );
    command.type(key);
    expect(await command.ended).toBe(0);
    const [, after = ''] = command.said().split(RESTORED);
    expect(after).toMatch(/✗ 1 down/);
    expect(after).toContain('nothing is kept');
    expect(after).not.toContain('q or Ctrl-C ends');
  });

  it('restores the terminal when it is told to end', async () => {
    await using simulator = await startSimulator();
    const command = onTerminal(`${simulator.url} --every 1`);
    await command.saying(/1 ok/);
    const [, pid] = await command.saying(/pid=(\d+)/);
    process.kill(Number(pid), 'SIGTERM');
    await command.ended;
    expect(command.said()).toContain(RESTORED);
  });

  it('follows the size of the window', async () => {
    await using simulator = await startSimulator({ fault: 'ndes-app-pool-stopped' });
    const command = onTerminal(`${simulator.url} --every 1`);
    await command.saying(/╰─ NDES/);
    const [, device = ''] = await command.saying(/(\/dev\/pts\/\d+)/);
    await runningCommand('stty', ['-F', device, 'cols', '60']).ended;
    await command.saying(/ndes-app-pool-stopped ─╯/);
    for (const line of lastFrame(command.said()).split(/\r*\n/)) expect(line.length).toBeLessThanOrEqual(60);
    command.type('q');
    expect(await command.ended).toBe(0);
  });

  it('shows a bar while it waits for a server, and no colour with NO_COLOR', async () => {
    await using simulator = await startSimulator({ fault: 'client-timeout' });
    const command = onTerminal(`${simulator.url}`, { NO_COLOR: '1' });
    await command.saying(/░{24} 0 of 1 probed/);
    command.type('q');
    expect(await command.ended).toBe(0);
    expect(command.said()).not.toMatch(/\u001b\[[0-9;]*m/);
    expect(command.said()).toContain(RESTORED);
  });

  it('prints lines where the terminal cannot do more', async () => {
    await using simulator = await startSimulator();
    const command = onTerminal(`${simulator.url} --every 1`, { TERM: 'dumb' });
    await command.saying(/= cycle: 1 target: 1 ok/);
    expect(command.said()).not.toContain('\u001b');
    command.type('\u0003');
    await command.ended;
  });
});
