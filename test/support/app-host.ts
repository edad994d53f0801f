import { readFileSync } from 'node:fs';
import { runApp } from '../../src/runner/run-app.ts';

/**
 * A process that runs an app of Azure Functions and nothing else: no storage, no simulator, and nobody who looks at the settings before,
 * which are its environment. Arguments: the entry file, and the key if there is one. Takes host.json from the working folder and keeps its
 * data there; prints its URL, and the log on standard error. Ends in order at SIGTERM.
 */
const [entry = '', key] = process.argv.slice(2);
const { url, close } = await runApp({
  entry,
  settings: {},
  port: 0,
  dataFolder: 'data',
  hostJson: JSON.parse(readFileSync('host.json', 'utf8')),
  ...(key !== undefined && { key }),
  log: ({ level, functionName = 'runner', text }) => console.error(`${level} ${functionName}: ${text}`),
  now: Date.now,
});
console.log(`running at ${url}`);

process.once('SIGTERM', async () => {
  await close();
  process.exit(0);
});
