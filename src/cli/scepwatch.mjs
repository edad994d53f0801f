#!/usr/bin/env node
// Plain JavaScript that Node 14 can parse: a bin called by its path from a shell runs on whatever Node the system has.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findNode24, guard, isSupported } from './require-node.mjs';

/** Runs this file again with the Node from node_modules and becomes its shadow: same streams, same signals, same end. */
function runAgainWith(binary) {
  // Flags of the old Node (process.execArgv) stay behind: they were meant for that version.
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal, and Windows' console, sends Ctrl-C to the child as well; passed on, it would count as the impatient second one.
  const childHearsInterrupt = process.platform === 'win32' || Boolean(process.stdin.isTTY);
  const passOn = (signal) => {
    if (signal !== 'SIGINT' || !childHearsInterrupt) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  const stopListening = () => {
    for (const signal of signals) process.removeListener(signal, passOn);
  };
  // A binary that does not start here (glibc's on a musl system) is as good as none.
  child.on('error', () => {
    stopListening();
    process.exitCode = guard();
  });
  child.on('exit', (code, signal) => {
    stopListening();
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

if (isSupported(process.versions.node)) {
  // No top-level await (Node 14.8), and no catch: a rejection is our bug and shows as one.
  void import('./main.ts')
    .then(({ main }) => main(process.argv.slice(2)))
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
} else {
  const binary = findNode24();
  if (binary === undefined) process.exitCode = guard();
  else runAgainWith(binary);
}
