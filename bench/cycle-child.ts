import { planChecks } from '../src/app/plan-checks.ts';
import type { ProbeInput } from '../src/app/ports.ts';
import { limitsFor } from '../src/app/probe-limits.ts';
import { probeTarget } from '../src/app/probe-target.ts';
import { readBundle } from '../src/certificate/read-bundle.ts';
import { compose } from '../src/compose.ts';
import { answerParent } from './support/child.ts';

export type CycleRequest =
  | { readonly kind: 'cycles'; readonly url: string; readonly caPem: string; readonly count: number }
  /** Base64 of GetCACert bodies that differ from one another. */
  | { readonly kind: 'bundles'; readonly bodies: readonly string[]; readonly passes: number };

export interface CycleAnswer {
  readonly cpuMs: number;
  readonly wallMs: number;
}

const deps = compose();

/** CPU time of the whole process, V8's own threads included. */
async function measure(work: () => Promise<void> | void): Promise<CycleAnswer> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - started };
}

async function cycles(url: string, ca: string, count: number): Promise<void> {
  const input: ProbeInput = {
    url,
    checks: planChecks({ dialects: ['android'], longUrl: false }),
    longUrlBytes: 0,
    limits: limitsFor(20_000),
    ca,
    insecure: false,
    compareBackends: 0,
    vantage: 'bench',
  };
  for (let i = 0; i < count; i++) {
    const { verdict } = await probeTarget(deps, input, { vantagePoints: 1, caPins: [], history: {} });
    if (verdict.code !== 'healthy-long-url-untested') throw new Error(`not healthy but ${verdict.code}: ${verdict.evidence.join('; ')}`);
  }
}

/** More than readBundle remembers. */
const FORGETFUL = 1000;

/** Time for reading bundles that readBundle has not seen, or has forgotten. */
async function readFresh(bodies: readonly Uint8Array[], passes: number): Promise<CycleAnswer> {
  let cpuMs = 0;
  let wallMs = 0;
  for (let pass = 0; pass < passes; pass++) {
    const spent = await measure(() => {
      for (const body of bodies) {
        const bundle = readBundle(body);
        if (bundle.kind !== 'certs-only' || bundle.certificates.length !== 3 || bundle.unreadable > 0)
          throw new Error('the bundle is not read in full');
      }
    });
    cpuMs += spent.cpuMs;
    wallMs += spent.wallMs;
    const [body = new Uint8Array()] = bodies;
    const before = readBundle(body);
    for (let i = 0; i < FORGETFUL; i++) readBundle(Buffer.from(`${pass} ${i}`));
    if (readBundle(body) === before) throw new Error('readBundle remembers more than this benchmark makes it forget');
    for (let i = 0; i < FORGETFUL; i++) readBundle(Buffer.from(`${pass} ${i} again`));
  }
  return { cpuMs, wallMs };
}

answerParent<CycleRequest, CycleAnswer>(async (request) => {
  switch (request.kind) {
    case 'cycles':
      return measure(() => cycles(request.url, request.caPem, request.count));
    case 'bundles':
      return readFresh(
        request.bodies.map((body) => new Uint8Array(Buffer.from(body, 'base64'))),
        request.passes,
      );
  }
});
