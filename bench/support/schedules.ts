import { DEFAULT_HOUSEKEEPING_SCHEDULE, DEFAULT_PROBE_SCHEDULE } from '../../src/config/settings.ts';

/** Settings that a monitor has to have, though nothing fires by itself here. */
export const SCHEDULES = {
  SCEPWATCH_PROBE_SCHEDULE: DEFAULT_PROBE_SCHEDULE,
  SCEPWATCH_HOUSEKEEPING_SCHEDULE: DEFAULT_HOUSEKEEPING_SCHEDULE,
} as const;
