import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface BlackHole extends AsyncDisposable {
  readonly port: number;
}

/**
 * A port on 127.0.0.1 at which connection requests vanish, as behind a firewall that drops them: a listener that is stopped with a full queue,
 * so that Linux ignores every further SYN. Elsewhere a full queue refuses, so this is for Linux only.
 */
export async function blackHole(): Promise<BlackHole> {
  const script =
    "const s = require('node:net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port));";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  child.kill('SIGSTOP');
  const sockets: Socket[] = [];
  // The queue takes backlog + 1; the first one that stays unanswered proves that it is full.
  for (let i = 0; i < 16; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    const answered = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, 200, false)),
    ]);
    if (!answered) break;
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
