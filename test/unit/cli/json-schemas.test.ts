import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  jsonSchemaText,
  type PublishedDiagnosis,
  type PublishedHistory,
  type PublishedProbeReport,
  type PublishedStatus,
  type PublishedWatchEvent,
  SCHEMA_NAMES,
} from '../../../src/cli/json-schemas.ts';
import type { DiagnoseReportJson } from '../../../src/core/render/diagnose-json.ts';
import type { HistoryJson } from '../../../src/core/render/history-json.ts';
import type { ProbeReportJson } from '../../../src/core/render/report-json.ts';
import type { StatusJson } from '../../../src/core/render/status-json.ts';
import type { WatchEventJson } from '../../../src/core/render/watch-json.ts';

describe('the published schemas', () => {
  it.each(SCHEMA_NAMES)('are valid JSON Schema that names itself: %s', (name) => {
    const schema = JSON.parse(jsonSchemaText(name));
    expect(() => new Ajv2020({ validateFormats: false }).compile(schema)).not.toThrow();
    expect(schema.$id).toBe(`scepwatch/${name}`);
  });

  it('describe the probe report as the code has it', () => {
    expectTypeOf<ProbeReportJson>().toExtend<PublishedProbeReport>();
  });

  it('describe what reads the monitor as the code has it', () => {
    expectTypeOf<StatusJson>().toExtend<PublishedStatus>();
    expectTypeOf<HistoryJson>().toExtend<PublishedHistory>();
    expectTypeOf<WatchEventJson>().toExtend<PublishedWatchEvent>();
  });

  it('describe the diagnosis as the code has it', () => {
    expectTypeOf<DiagnoseReportJson>().toExtend<PublishedDiagnosis>();
  });
});
