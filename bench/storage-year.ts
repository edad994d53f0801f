import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keepHouse } from '../src/app/keep-house.ts';
import { type CycleDeps, runCycle } from '../src/app/run-cycle.ts';
import { DAY_MS } from '../src/core/time.ts';
import { FLEET, SUMMARY_PREFIX, summaryKey } from '../src/store/keys.ts';
import { MAX_CHANGES, rowSize } from '../src/store/limits.ts';
import { memoryRows } from '../src/store/memory-rows.ts';
import type { RowChange, Rows, StoredRow } from '../src/store/rows.ts';
import { createStore } from '../src/store/store.ts';
import { connectTable } from '../src/store/tables/connect.ts';
import { startAzurite } from '../test/support/azurite.ts';
import { healthyBundle } from '../test/support/certificates.ts';
import { createWorld, cycleDeps, monitoredTarget, monitorPlan, PERIOD_MS } from '../test/support/monitor.ts';
import { countedRows, type RowsRequest } from './support/counted-rows.ts';
import type { Bench } from './support/result.ts';
import { type Condition, repeatableRandom, simulatedObserve } from './support/simulated-target.ts';

const TARGET = 'contoso-emea-01';
const YEAR_MS = 365 * DAY_MS;
const HOUR_MS = DAY_MS / 24;
const CYCLES_A_DAY = DAY_MS / PERIOD_MS;
const MB = 1_000_000;
/** When something was written. */
const AZURITE_SAVES_EVERY_MS = 5_000;
const SILENT_LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Year {
  readonly label: string;
  readonly key: string;
  readonly conditionAt: (sinceStart: number) => Condition;
}

const OUTAGES: readonly Condition[] = ['stopped', 'refusing', 'silent'];

/** Down for the last hour of every tenth day, each time in another way. */
function usual(sinceStart: number): Condition {
  const day = Math.floor(sinceStart / DAY_MS);
  if (day % 10 !== 9 || sinceStart % DAY_MS < DAY_MS - HOUR_MS) return 'healthy';
  return OUTAGES[Math.floor(day / 10) % OUTAGES.length] ?? 'stopped';
}

const YEARS: readonly Year[] = [
  { label: 'an hour down in ten days', key: 'usual', conditionAt: usual },
  { label: 'down all the time', key: 'down', conditionAt: () => 'stopped' },
  {
    label: 'down every second hour',
    key: 'everySecondHour',
    conditionAt: (sinceStart) => (Math.floor(sinceStart / HOUR_MS) % 2 === 0 ? 'healthy' : 'stopped'),
  },
];
/** The last year is for information: nobody leaves a target like that. */
const JUDGED: ReadonlySet<string> = new Set(['usual', 'down']);
const FLEET_SIZE = 100;

const KINDS = ['state', 'result', 'hour', 'day', 'incident', 'summary'] as const;
type Kind = (typeof KINDS)[number];

interface Written {
  readonly year: Year;
  readonly cycles: number;
  readonly rows: Rows;
  readonly bytes: Readonly<Record<Kind, number>>;
  readonly counts: Readonly<Record<Kind, number>>;
  readonly total: number;
  /** Of the whole year. */
  readonly requests: Readonly<Record<Purpose, number>>;
}

type Purpose =
  | 'target'
  | 'summary'
  /** However many targets there are. */
  | 'fleet'
  | 'housekeeping';

function purposeOf({ partitionKey, rowKeys }: RowsRequest): Purpose {
  if (partitionKey !== FLEET) return 'target';
  return rowKeys.some((key) => key.startsWith(SUMMARY_PREFIX)) ? 'summary' : 'fleet';
}

/** What one target leaves in the table in a year of results every five minutes, and how many requests that takes. */
export const storageYear: Bench = async ({ progress }) => {
  const written: Written[] = [];
  for (const year of YEARS) {
    progress(`a year of cycles every ${PERIOD_MS / 60_000} minutes, ${year.label} (a minute)`);
    written.push(await writeYear(year));
  }
  progress(`a day of ${FLEET_SIZE} targets`);
  const fleet = await simulate(FLEET_SIZE, DAY_MS, usual);
  const share = (fleet.requests.target + fleet.requests.summary + fleet.requests.fleet) / fleet.cycles / FLEET_SIZE;
  progress("the rows of the first year's end in Azurite");
  const [first] = written;
  if (first === undefined) throw new Error('no year was written');
  const onDisk = await azuriteBytes(first.rows);

  const mb = (bytes: number): string => `${(bytes / MB).toFixed(2)} MB`;
  const row = (what: string, of: (one: Written) => string): readonly string[] => [what, ...written.map(of)];
  return {
    name: 'storage-year',
    title: `what one target leaves in the table after ${first.cycles} cycles, one year`,
    peers: {},
    table: {
      columns: ['', ...written.map(({ year }) => year.label)],
      rows: [
        ...KINDS.map((kind) => row(`${kind}: rows, bytes`, ({ counts, bytes }) => `${counts[kind]}, ${mb(bytes[kind])}`)),
        row('all rows', ({ total }) => mb(total)),
        row('one result', ({ counts, bytes }) => `${(bytes.result / counts.result).toFixed(0)} B`),
        row('if no result were ever deleted', (one) =>
          mb(one.total + (one.bytes.result / one.counts.result) * (one.cycles - one.counts.result)),
        ),
        row('requests a cycle, to the partition of the target', ({ requests, cycles }) => (requests.target / cycles).toFixed(3)),
        row('requests a cycle, for its summary', ({ requests, cycles }) => (requests.summary / cycles).toFixed(3)),
        row('requests a cycle, for the fleet as a whole', ({ requests, cycles }) => (requests.fleet / cycles).toFixed(3)),
        row(`requests a cycle and target, in a fleet of ${FLEET_SIZE}`, (one) => (one === first ? share.toFixed(3) : '')),
        row('requests a day, housekeeping', ({ requests }) => (requests.housekeeping / 365).toFixed(1)),
        row("Azurite's files with these rows", (one) => (one === first ? mb(onDisk) : '')),
      ],
    },
    notes: [
      'written by runCycle and keepHouse with a simulated clock and simulated servers: results kept for 35 days, hours for 400, days for ever',
      'bytes as Azure counts them: 4, two for each character of the keys, and for each property 8, two for each character of its name, and its value',
      `the upper rows of requests are those of a target that is alone; in a fleet, summaries travel together, and what is for the fleet as a whole (what is due, the record of the cycle) is done once a cycle: measured with ${FLEET_SIZE} targets for a day`,
    ],
    figures: Object.fromEntries([
      ...written.flatMap((one) => [
        [`bytes@${one.year.key}`, one.total],
        ...KINDS.map((kind) => [`${kind}Bytes@${one.year.key}`, one.bytes[kind]]),
        [`targetRequestsPerCycle@${one.year.key}`, one.requests.target / one.cycles],
        [`fleetRequestsPerCycle@${one.year.key}`, one.requests.fleet / one.cycles],
        [`housekeepingRequestsPerDay@${one.year.key}`, one.requests.housekeeping / 365],
      ]),
      ['requestsPerCycleInFleet', share],
      ['azuriteBytes', onDisk],
    ]),
    bars: [
      ...written
        .filter(({ year }) => JUDGED.has(year.key))
        .map(({ year, total }) => ({
          what: `one target after a year, ${year.label}`,
          limit: 12,
          measured: total / MB,
          unit: ' MB',
          rule: 'at-most' as const,
        })),
      { what: `requests a cycle and target, in a fleet of ${FLEET_SIZE}`, limit: 3, measured: share, unit: '', rule: 'at-most' as const },
    ],
  };
};

async function writeYear(year: Year): Promise<Written> {
  const simulated = await simulate(1, YEAR_MS, year.conditionAt);
  return { year, ...simulated, ...(await sizes(simulated.rows)) };
}

/** A fleet of so many targets for so long, with housekeeping once a day. */
async function simulate(
  targets: number,
  forMs: number,
  conditionAt: Year['conditionAt'],
): Promise<Pick<Written, 'rows' | 'cycles' | 'requests'>> {
  const world = createWorld(healthyBundle());
  const start = world.now;
  const random = repeatableRandom();
  const requests = { target: 0, summary: 0, fleet: 0, housekeeping: 0 };
  let tidying = false;
  const rows = memoryRows();
  const counted = countedRows(rows, (request) => requests[tidying ? 'housekeeping' : purposeOf(request)]++);
  const store = createStore(counted, (problem) => {
    throw new Error(problem);
  });
  const deps: CycleDeps = {
    ...cycleDeps(world, store),
    observe: simulatedObserve(
      () => conditionAt(world.now - start),
      () => Math.round(60 + 400 * random() ** 3),
      () => world.now,
    ),
    log: SILENT_LOG,
  };
  const ids = [TARGET, ...Array.from({ length: targets - 1 }, (_, index) => `contoso-${index}`)];
  const configured = ids.map((id) => monitoredTarget(id, { name: 'Contoso EMEA 01', tenant: 'contoso', longUrlEveryMs: HOUR_MS }));
  const plan = { ...monitorPlan(configured), vantage: 'westeurope' };
  const { signal } = new AbortController();
  let cycles = 0;
  while (world.now < start + forMs) {
    const { record } = await runCycle(deps, plan, { trigger: 'timer' }, signal);
    if (record.counts.committed !== targets) throw new Error(`cycle ${cycles} ended with ${JSON.stringify(record.counts)}`);
    world.now += PERIOD_MS;
    cycles++;
    if (cycles % CYCLES_A_DAY !== 0) continue;
    tidying = true;
    const { problems, repairedRollups } = await keepHouse(deps, plan, HOUR_MS, signal);
    tidying = false;
    if (problems.length > 0 || repairedRollups > 0)
      throw new Error(`housekeeping repaired ${repairedRollups} rollups: ${problems.join('; ')}`);
  }
  return { rows, cycles, requests };
}

/** All that stands in the table because of the target. */
async function sizes(rows: Rows): Promise<Pick<Written, 'bytes' | 'counts' | 'total'>> {
  const bytes: Record<Kind, number> = { state: 0, result: 0, hour: 0, day: 0, incident: 0, summary: 0 };
  const counts = { ...bytes };
  const add = (partitionKey: string, row: StoredRow): void => {
    const kind = kindOf(row.rowKey);
    bytes[kind] += rowSize(partitionKey, row);
    counts[kind]++;
  };
  for (const row of await rows.list({ partitionKey: TARGET })) add(TARGET, row);
  const summary = await rows.get(FLEET, summaryKey(TARGET));
  if (summary !== undefined) add(FLEET, summary);
  return { bytes, counts, total: KINDS.reduce((sum, kind) => sum + bytes[kind], 0) };
}

function kindOf(rowKey: string): Kind {
  if (rowKey.startsWith(SUMMARY_PREFIX)) return 'summary';
  const kind = KINDS.find((one) => rowKey === one || rowKey.startsWith(`${one}_`));
  if (kind === undefined) throw new Error(`a row of no known kind: ${rowKey}`);
  return kind;
}

/** The size of Azurite's files once it holds the same rows and has saved them. */
async function azuriteBytes(rows: Rows): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'scepwatch-storage-'));
  try {
    const azurite = await startAzurite({ folder });
    try {
      const { rows: table, createTable } = connectTable({
        table: 'scepwatch',
        where: { kind: 'connection-string', connectionString: azurite.connectionString },
      });
      await createTable();
      for (const partitionKey of [TARGET, FLEET]) {
        const changes = (await rows.list({ partitionKey })).map(
          ({ rowKey, values }): RowChange => ({ kind: 'upsert', row: { rowKey, values } }),
        );
        for (let first = 0; first < changes.length; first += MAX_CHANGES) {
          await table.commit(partitionKey, changes.slice(first, first + MAX_CHANGES));
        }
      }
      await sleep(2 * AZURITE_SAVES_EVERY_MS);
      return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    } finally {
      await azurite.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
