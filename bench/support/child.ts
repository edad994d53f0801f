import { fork } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';

export interface Child<Request, Answer> extends AsyncDisposable {
  readonly pid: number;
  readonly ask: (request: Request, limitMs: number) => Promise<Answer>;
}

type Reply<Answer> = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: string };

/** A process of its own for what is measured, so that nobody else's work counts. One question at a time. */
export async function startChild<Request extends object, Answer>(
  file: string,
  profileFolder?: string,
  nodeArgs: readonly string[] = [],
): Promise<Child<Request, Answer>> {
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const child = fork(isAbsolute(file) ? file : new URL(`../${file}`, import.meta.url), { execArgv: [...nodeArgs, ...profile] });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? Number.NaN,
    ask: async (request, limitMs) => {
      const timer = AbortSignal.timeout(limitMs);
      const replied = once(child, 'message', { signal: timer });
      child.send(request);
      const gone = exited.then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)));
      const reply = asReply<Answer>((await Promise.race([replied, gone]))[0]);
      if (!reply.ok) throw new Error(`${file}: ${reply.error}`);
      return reply.answer;
    },
    [Symbol.asyncDispose]: async () => {
      // A child with nothing left to do ends when its channel closes, and writes its profile.
      if (child.connected) child.disconnect();
      const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(impatient);
    },
  };
}

/** The child's side: answers every question of its parent. */
export function answerParent<Request, Answer>(answer: (request: Request) => Promise<Answer>): void {
  process.on('message', (message) => {
    void answer(asRequest<Request>(message))
      .then((given): Reply<Answer> => ({ ok: true, answer: given }))
      .catch(
        (error: unknown): Reply<Answer> => ({ ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      )
      .then((reply) => process.send?.(reply));
  });
}

/** Both ends of the channel are our own files and name the same types. */
function asReply<Answer>(message: unknown): Reply<Answer> {
  return message as Reply<Answer>;
}

function asRequest<Request>(message: unknown): Request {
  return message as Request;
}
