import { describe, expect, it } from 'vitest';
import { collectRegistrations } from '../../../src/runner/functions-core.ts';

describe('the entry file', () => {
  it('registers every function, and reads no setting while it loads', async () => {
    const { functions, hooks } = await withoutSettings(() =>
      collectRegistrations(
        async () => {
          await import('../../../functions/main.ts');
        },
        () => {},
      ),
    );
    const shown = functions.map(({ name, bindings }) => {
      const trigger = Object.values(bindings).find(({ type }) => type.endsWith('Trigger'));
      return [name, trigger?.type, trigger?.schedule ?? trigger?.route, trigger?.authLevel];
    });
    expect(shown.toSorted()).toEqual([
      ['diagnose', 'httpTrigger', 'api/diagnose', 'function'],
      ['health', 'httpTrigger', 'health', 'anonymous'],
      ['housekeeping', 'timerTrigger', '%SCEPWATCH_HOUSEKEEPING_SCHEDULE%', undefined],
      ['probe', 'timerTrigger', '%SCEPWATCH_PROBE_SCHEDULE%', undefined],
    ]);
    expect(hooks).toBeDefined();
  });
});

async function withoutSettings<Result>(work: () => Promise<Result>): Promise<Result> {
  const kept = Object.entries(process.env).filter(([name]) => name.startsWith('SCEPWATCH_') || name.startsWith('AzureWebJobs'));
  for (const [name] of kept) delete process.env[name];
  try {
    return await work();
  } finally {
    for (const [name, value] of kept) process.env[name] = value;
  }
}
