import { memoryRows } from '../src/store/memory-rows.ts';
import type { Rows } from '../src/store/rows.ts';
import type { RowsQuestion, RowsReply } from './support/rows-process.ts';

const rows = memoryRows();

process.on('message', (message) => {
  const { id, method, args } = asQuestion(message);
  void call(method, args)
    .then((value): RowsReply => ({ id, ok: true, value }))
    .catch((error: unknown): RowsReply => ({ id, ok: false, problem: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.(reply));
});

function call(method: keyof Rows, args: readonly unknown[]): Promise<unknown> {
  const work: (...given: readonly never[]) => Promise<unknown> = rows[method];
  return work(...asArguments(args));
}

/** Both ends of the channel are our own files and name the same types. */
function asQuestion(message: unknown): RowsQuestion {
  return message as RowsQuestion;
}

function asArguments(args: readonly unknown[]): readonly never[] {
  return args as readonly never[];
}
