import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** What a document violates of a schema under docs/schemas, as Ajv says it; empty when it fits. */
export function schemaProblems(name: string, json: string): string {
  const schema: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/schemas', name), 'utf8'));
  const validate = new Ajv2020({ allErrors: true, validateFormats: false }).compile(schema as Record<string, unknown>);
  return validate(JSON.parse(json)) ? '' : JSON.stringify(validate.errors);
}
