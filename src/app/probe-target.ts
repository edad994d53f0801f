import { judgeTarget } from '../core/verdict/judge.ts';
import type { Answered, Observation } from '../core/verdict/observation.ts';
import type { JudgeContext, ReadBundle, TargetReport } from '../core/verdict/report.ts';
import type { Deps, ProbeInput } from './ports.ts';

/** Everything that judging needs besides the observation and the clock. */
export type JudgeInput = Omit<JudgeContext, 'now'>;

/** Probes one target and judges what was seen. */
export async function probeTarget(deps: Deps, input: ProbeInput, judge: JudgeInput): Promise<TargetReport> {
  const observation = await deps.observe(input);
  const bundles: ReadBundle[] = [...observation.checks, ...observation.comparisons]
    .filter(isBundleAnswer)
    .map((answered) => ({ observation: answered, bundle: deps.readBundle(answered.body) }));
  return judgeTarget(observation, bundles, { ...judge, now: deps.now() });
}

function isBundleAnswer(observation: Observation): observation is Answered {
  return observation.kind === 'answered' && observation.request.operation === 'ca-cert' && observation.status === 200;
}
