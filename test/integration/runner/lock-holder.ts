import { acquireInstanceLock } from '../../../src/runner/instance-lock.ts';

/** Takes the lock of the folder given and keeps it until it is killed. Prints `held`, or why not and ends. */
try {
  const lock = await acquireInstanceLock(process.argv[2] ?? '');
  await lock.announce('http://127.0.0.1:7071');
  console.log('held');
  setInterval(() => {}, 60_000);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
