import { errorCodesIn, errorLine } from '../error-codes.ts';
import type { LogFinding } from '../log-finding.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';

/** Lines that only Windows Installer writes. */
const INSTALLER_LINE =
  /^\s{0,40}(?:M?SI \([csn]\) \(|=== (?:Verbose )?[Ll]ogging (?:started|stopped)|Action (?:start|ended) \d|Property\([CSN]\): |CustomAction \w{1,80} returned )/;

/** What makes it the log of the connector and not that of any other product. */
const CONNECTOR = /Microsoft (?:Intune|Endpoint).{0,40}Connector|NDES ?Connector|AddNDESToCertPrivKey|Certificate Connector/i;

/** Where an entry begins; what does not begin one belongs to the entry before, as when a long line was pasted wrapped. */
const ENTRY_START =
  /^\s{0,40}(?:M?SI \([csn]\) \(|===|Action (?:start|ended) |Property\([CSN]\): |CustomAction |\w{3,60}: {1,4}Error 0x|Product: )/;

/** Characters of a line that are looked at: nothing that matters stands further right. */
const LINE_LIMIT = 4_000;
const ENTRY_LIMIT = 8_000;
const ENTRY_LINES = 12;

/** Exit codes of Windows Installer that mean success: done, restart begun, restart needed. */
const SUCCESS_CODES: ReadonlySet<string> = new Set(['0', '1641', '3010']);

const EXIT_MEANINGS: Readonly<Record<string, string>> = {
  '1602': 'cancelled by the user',
  '1603': 'fatal error during installation',
  '1618': 'another installation was running',
  '1638': 'another version of the product is already installed',
  '1641': 'successful, the server restarts',
  '3010': 'successful, the server has to be restarted',
};

/** SetupMsi.log, which the setup of the old connector writes. */
export const SETUP_MSI: LogReader = { format: 'setup-msi', recognise, parser };

function recognise(lines: readonly string[]): number {
  const heads = lines.map((line) => line.slice(0, LINE_LIMIT)).filter((line) => line.trim() !== '');
  const known = heads.filter((line) => INSTALLER_LINE.test(line)).length;
  if (known === 0) return 0;
  const share = known / heads.length;
  // Custom actions write lines of any form between; a verbose log is never less than a third the installer's own.
  const base = share > 0.3 ? 0.8 : 0.2 + share;
  return heads.some((line) => CONNECTOR.test(line)) ? Math.min(1, base + 0.2) : base;
}

interface Entry {
  readonly line: number;
  text: string;
  lines: number;
}

/** What the parser knows of the installation that is going on. */
interface Installation {
  /** `completed successfully` was read; its exit status often follows. */
  success?: Entry;
  failures: number;
  reported: boolean;
  /** Language-neutral exit code of the engine, for installers that speak another language. */
  engine?: { readonly entry: Entry; readonly code: string };
  connector: boolean;
}

function parser(file: string, sink: LogSink): LogParser {
  let entry: Entry | undefined;
  const state: Installation = { failures: 0, reported: false, connector: false };

  const flush = (): void => {
    if (entry !== undefined) readEntry(entry, state, file, sink);
    entry = undefined;
  };

  return {
    line: (text, line) => {
      const head = text.slice(0, LINE_LIMIT);
      if (entry === undefined || ENTRY_START.test(head) || entry.lines >= ENTRY_LINES || entry.text.length > ENTRY_LIMIT) {
        flush();
        if (head.trim() !== '') entry = { line, text: head, lines: 1 };
      } else if (head.trim() !== '') {
        entry.text += `\n${head}`;
        entry.lines++;
      }
    },
    end: () => {
      flush();
      tellSuccess(state, file, sink);
      tellEngine(state, file, sink);
    },
  };
}

function readEntry(entry: Entry, state: Installation, file: string, sink: LogSink): void {
  // A wrapped line is one sentence again; some programs wrap within words and others in place of a space.
  const readings = entry.lines === 1 ? [entry.text] : [entry.text.replaceAll('\n', ' '), entry.text.replaceAll('\n', '')];
  state.connector ||= readings.some((text) => CONNECTOR.test(text));
  for (const { pattern, read } of RULES) {
    const found = readings.map((text) => pattern.exec(text)).find((one) => one !== null);
    if (found === undefined || found === null) continue;
    read(found, entry, state, file, sink);
    return;
  }
}

interface Rule {
  readonly pattern: RegExp;
  readonly read: (found: RegExpExecArray, entry: Entry, state: Installation, file: string, sink: LogSink) => void;
}

const RULES: readonly Rule[] = [
  {
    pattern: /Installation success or error status: {0,4}(\d{1,10})/i,
    read: ([, code = ''], entry, state, file, sink) => {
      if (!SUCCESS_CODES.has(code)) {
        delete state.success;
        fail(entry, exitText(code), state, file, sink);
        return;
      }
      if (state.success === undefined) state.success = entry;
      else state.success = { line: state.success.line, text: `${state.success.text}\n${entry.text}`, lines: 2 };
      tellSuccess(state, file, sink, code === '0' ? undefined : exitText(code));
    },
  },
  {
    pattern: /-- (?:Installation|Configuration) completed successfully/i,
    read: (_found, entry, state, file, sink) => {
      tellSuccess(state, file, sink);
      state.success = entry;
    },
  },
  {
    pattern: /-- (?:Installation|Configuration) (?:failed|operation failed)/i,
    read: (_found, entry, state, file, sink) => fail(entry, undefined, state, file, sink),
  },
  {
    pattern: /(\w{3,60}): {1,4}Error (0x[0-9a-f]{8})/i,
    read: ([, action = '', code = ''], entry, state, file, sink) => fail(entry, `${action}: ${codeText(code)}`, state, file, sink),
  },
  {
    // What the setup goes on after is no failure of the setup.
    pattern: /CustomAction (\w{1,80}) returned actual error code (\d{1,10})(?!.{0,60}translated to success)/i,
    read: ([, action = '', code = ''], entry, state, file, sink) => {
      if (!SUCCESS_CODES.has(code)) fail(entry, `${action}: ${exitText(code)}`, state, file, sink);
    },
  },
  {
    pattern: /MainEngineThread is returning (\d{1,10})/,
    read: ([, code = ''], entry, state) => {
      state.engine = { entry, code };
    },
  },
];

function fail(entry: Entry, detail: string | undefined, state: Installation, file: string, sink: LogSink): void {
  // MSI logs of other products end up in the same folders; what they say is not about NDES.
  if (!state.connector) return;
  state.failures++;
  state.reported = true;
  sink.finding(finding('log-connector-installation-failed', entry, file, detail));
}

function tellSuccess(state: Installation, file: string, sink: LogSink, detail?: string): void {
  const { success } = state;
  delete state.success;
  if (success === undefined || !state.connector) return;
  state.reported = true;
  sink.finding(finding('log-connector-installed', success, file, detail));
}

/** For logs in another language: only when no sentence was understood. */
function tellEngine(state: Installation, file: string, sink: LogSink): void {
  if (state.reported || state.engine === undefined) return;
  const { entry, code } = state.engine;
  if (SUCCESS_CODES.has(code)) {
    state.success = entry;
    tellSuccess(state, file, sink, exitText(code));
  } else fail(entry, exitText(code), state, file, sink);
}

function finding(code: LogFinding['code'], { line, text }: Entry, file: string, detail: string | undefined): LogFinding {
  return { code, file, line, text: text.trim(), ...(detail !== undefined && { detail }) };
}

function exitText(code: string): string {
  const meaning = EXIT_MEANINGS[code];
  return `exit status ${code}${meaning === undefined ? '' : ` (${meaning})`}`;
}

function codeText(code: string): string {
  const [known] = errorCodesIn(code, 1);
  return known === undefined ? code : errorLine(known);
}
