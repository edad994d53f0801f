import * as z from 'zod';
import { Config } from '../src/config/schema.ts';
import { SETTINGS } from '../src/config/settings.ts';

/** docs/configuration.md: every setting and every key of the configuration, from the code that reads them. */
export function configurationMarkdown(): string {
  const { properties = {} } = z.toJSONSchema(Config, { io: 'input' });
  const { targets, maintenance, defaults: _, $schema: __, ...top } = properties;
  return `${[
    '# Configuration',
    '',
    '_Made by `npm run docs` from the code that reads it._',
    '',
    'A file, JSON or YAML, as in [examples/scepwatch.config.yaml](../examples/scepwatch.config.yaml); in Azure the same as text in the app setting `SCEPWATCH_CONFIG`. `scepwatch check-config FILE` checks it offline and names every problem with its place. Unknown keys are refused. Editors take the JSON Schema: [schemas/config.schema.json](schemas/config.schema.json).',
    '',
    'The id of a target is what its history and its incidents hang on: rename `name`, never `id`. Thresholds, periods and windows may change at any time, also while an incident is open; a target that is taken out has its incident closed with the reason `target-removed` and keeps its history.',
    '',
    '## Settings',
    '',
    'App settings in Azure, environment variables elsewhere. One of `SCEPWATCH_CONFIG`, `SCEPWATCH_CONFIG_FILE` and `SCEPWATCH_TARGET_URLS` says what to watch. Without a setting for the storage the one of the function app (`AzureWebJobsStorage__tableServiceUri`, `AzureWebJobsStorage`) is used. Unknown names that begin with `SCEPWATCH_` are refused.',
    '',
    '| setting | what |',
    '| --- | --- |',
    ...Object.entries(SETTINGS).map(([name, what]) => row(`\`${name}\``, what)),
    '',
    '## Top level',
    '',
    ...table({ properties: top }),
    '',
    '## `targets`, and `defaults` for all of them',
    '',
    'Everything but `id`, `name`, `tenant` and `url` may also stand under `defaults`; a target wins.',
    '',
    ...table(items(targets)),
    '',
    '## `maintenance`',
    '',
    'Either one-off (`start`, `end`) or recurring (`days`, `at`, `durationMinutes`). In a window nobody is alerted; what is seen is kept. An outage that is still there when the window ends opens an incident then.',
    '',
    ...table(items(maintenance)),
    '',
  ].join('\n')}`;
}

type Schema = z.core.JSONSchema.JSONSchema;

function items(schema: unknown): Schema {
  return isSchema(schema) && isSchema(schema.items) ? schema.items : {};
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function table(schema: Schema): readonly string[] {
  return ['| key | takes | what |', '| --- | --- | --- |', ...rows(schema, '')];
}

function rows({ properties = {}, required = [] }: Schema, prefix: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, value]) => {
    if (!isSchema(value)) return [];
    const name = `${prefix}${key}`;
    if (value.properties !== undefined) return rows(value, `${name}.`);
    const must = required.includes(key) ? 'Required. ' : '';
    return [row(`\`${name}\``, takes(value), `${must}${value.description ?? ''}`)];
  });
}

function takes(schema: Schema): string {
  const { type, minimum, maximum, enum: choices } = schema;
  if (Array.isArray(choices)) return choices.length > 12 ? 'a verdict code' : choices.map((choice) => `\`${String(choice)}\``).join(', ');
  switch (type) {
    case 'array':
      return `list of ${takes(items(schema))}`;
    case 'integer':
    case 'number':
      return minimum === undefined || maximum === undefined ? 'number' : `number from ${minimum} to ${maximum}`;
    case 'string':
      return 'text';
    default:
      return String(type ?? '');
  }
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
