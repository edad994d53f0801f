import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jsonSchemaText, SCHEMA_NAMES } from '../src/cli/json-schemas.ts';
import { logFindingsMarkdown, verdictsMarkdown } from '../src/core/render/verdicts-markdown.ts';
import { configurationMarkdown } from './configuration-markdown.ts';

interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly render: () => string;
}

const GENERATED: readonly GeneratedFile[] = [
  { file: 'docs/verdicts.md', render: verdictsMarkdown },
  { file: 'docs/log-findings.md', render: logFindingsMarkdown },
  { file: 'docs/configuration.md', render: configurationMarkdown },
  ...SCHEMA_NAMES.map((name) => ({ file: `docs/schemas/${name}`, render: () => jsonSchemaText(name) })),
];

const ROOT = join(import.meta.dirname, '..');

async function generate(): Promise<void> {
  for (const { file, render } of GENERATED) {
    await mkdir(dirname(join(ROOT, file)), { recursive: true });
    await writeFile(join(ROOT, file), render());
    console.log(`wrote ${file}`);
  }
}

async function check(): Promise<void> {
  for (const { file, render } of GENERATED) {
    if ((await readCommitted(file)) === render()) continue;
    console.error(`${file} is stale: run "npm run docs" and commit the result.`);
    process.exitCode = 1;
  }
}

/** Undefined when there is no such file. A checkout on Windows may have turned line ends into CRLF. */
async function readCommitted(file: string): Promise<string | undefined> {
  try {
    return (await readFile(join(ROOT, file), 'utf8')).replaceAll('\r\n', '\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

await (process.argv.includes('--check') ? check() : generate());
