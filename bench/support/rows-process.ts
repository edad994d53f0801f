import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type Rows, StoreError } from '../../src/store/rows.ts';

export interface RowsQuestion {
  readonly id: number;
  readonly method: keyof Rows;
  readonly args: readonly unknown[];
}

export type RowsReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly problem: string };

export interface RowsProcess extends AsyncDisposable {
  readonly rows: Rows;
}

/** Rows in the memory of another process, so that what a monitor needs for itself can be told from what is stored. */
export async function startRowsProcess(): Promise<RowsProcess> {
  const child = fork(new URL('../rows-child.ts', import.meta.url), { serialization: 'advanced', execArgv: [] });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  const waiting = new Map<number, (reply: RowsReply) => void>();
  let asked = 0;
  child.on('message', (message) => {
    const reply = asReply(message);
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  const ask = async <Value>(method: keyof Rows, args: readonly unknown[]): Promise<Value> => {
    const { promise, resolve } = Promise.withResolvers<RowsReply>();
    const question: RowsQuestion = { id: ++asked, method, args };
    waiting.set(question.id, resolve);
    child.send(question);
    const reply = await promise;
    if (!reply.ok) throw new StoreError('unavailable', reply.problem);
    return asValue(reply.value);
  };
  return {
    rows: {
      get: (partitionKey, rowKey) => ask('get', [partitionKey, rowKey]),
      list: (range) => ask('list', [range]),
      commit: (partitionKey, changes) => ask('commit', [partitionKey, changes]),
    },
    [Symbol.asyncDispose]: async () => {
      child.disconnect();
      await exited;
    },
  };
}

/** Both ends of the channel are our own files and name the same types. */
function asReply(message: unknown): RowsReply {
  return message as RowsReply;
}

function asValue<Value>(value: unknown): Value {
  return value as Value;
}
