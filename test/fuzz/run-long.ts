import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const REMINDER_MS = 30_000;

const { values } = parseArgs({ options: { runs: { type: 'string', default: '1000000' } } });
const runs = Number(values.runs);
if (!Number.isSafeInteger(runs) || runs < 1) {
  console.error(`--runs must be a whole number above 0, not ${JSON.stringify(values.runs)}`);
  process.exit(2);
}

console.log(`fuzzing with ${runs.toLocaleString('en')} inputs; what fails is printed with the seed that repeats it`);
const started = Date.now();
const minutes = () => ((Date.now() - started) / 60_000).toFixed(1);
const reminder = setInterval(() => console.log(`… ${minutes()} min`), REMINDER_MS);

// This very Node and vitest's own JavaScript file: no shell, no PATH, the same on Windows.
const vitest = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--project', 'fuzz', '--reporter', 'verbose'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SCEPWATCH_FUZZ_RUNS: String(runs) },
});
const [code] = await once(vitest, 'close');
clearInterval(reminder);
console.log(code === 0 ? `all inputs passed in ${minutes()} min` : `failed after ${minutes()} min`);
process.exitCode = typeof code === 'number' ? code : 1;
