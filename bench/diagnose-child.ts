import { createTally } from '../src/core/diagnose/tally.ts';
import { diagnoseFiles } from '../src/diagnose/diagnose-files.ts';
import { keepYoungGenerationSmall } from '../src/diagnose/small-young-generation.ts';
import { answerParent } from './support/child.ts';
import { peakRssMb } from './support/machine.ts';

export interface DiagnoseRequest {
  readonly path: string;
}

export interface DiagnoseAnswer {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly restingRssMb: number;
  readonly peakRssMb: number;
  readonly bytes: number;
  readonly lines: number;
  readonly exchanges: number;
}

keepYoungGenerationSmall();

/** What the command line does with a log, up to the summary. */
answerParent<DiagnoseRequest, DiagnoseAnswer>(async ({ path }) => {
  const restingRssMb = process.memoryUsage.rss() / 2 ** 20;
  const cpu = process.cpuUsage();
  const started = performance.now();
  const tally = createTally();
  const { files } = await diagnoseFiles([path], { onProgress: () => {} }, tally.sink);
  const { user, system } = process.cpuUsage(cpu);
  const [file] = files;
  if (file === undefined || file.problem !== undefined) throw new Error(`the log was not read: ${file?.problem}`);
  return {
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - started,
    restingRssMb,
    peakRssMb: peakRssMb(),
    bytes: file.bytes,
    lines: file.lines,
    exchanges: tally.conclude([{ file: path, lines: file.lines, problems: [] }]).exchanges,
  };
});
