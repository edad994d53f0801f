import { parseIsoTime } from '../../time.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import { isEmptyLine, RECORD_LIMIT, type RecordText, recordText } from './device-log-text.ts';
import { type LocalDates, localDates } from './local-date.ts';
import { type WindowsEventReader, windowsEvents } from './windows-events.ts';

/**
 * Events as text: copied from Event Viewer, saved by it as text or CSV, `wevtutil qe … /f:text`, `Get-WinEvent | Format-List`, or an
 * example from a document.
 */
export const WINDOWS_EVENT_TEXT: LogReader = { format: 'windows-event-text', recognise, parser };

type Field = 'log' | 'source' | 'date' | 'id' | 'instance' | 'computer' | 'description' | 'other' | 'xml';

/** Names of fields, lower case; English, German, Polish and French. */
const VIEWER_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['log name', 'log'],
  ['source', 'source'],
  ['date', 'date'],
  ['event id', 'id'],
  ['task category', 'other'],
  ['task', 'other'],
  ['level', 'other'],
  ['opcode', 'other'],
  ['keyword', 'other'],
  ['keywords', 'other'],
  ['user', 'other'],
  ['user name', 'other'],
  ['computer', 'computer'],
  ['description', 'description'],
  ['event xml', 'xml'],
  ['protokollname', 'log'],
  ['quelle', 'source'],
  ['datum', 'date'],
  ['ereignis-id', 'id'],
  ['aufgabenkategorie', 'other'],
  ['ebene', 'other'],
  ['schlüsselwörter', 'other'],
  ['benutzer', 'other'],
  ['beschreibung', 'description'],
  ['ereignis-xml', 'xml'],
  ['nazwa dziennika', 'log'],
  ['źródło', 'source'],
  ['data', 'date'],
  ['identyfikator zdarzenia', 'id'],
  ['kategoria zadania', 'other'],
  ['poziom', 'other'],
  ['słowa kluczowe', 'other'],
  ['użytkownik', 'other'],
  ['komputer', 'computer'],
  ['opis', 'description'],
  ['kod xml zdarzenia', 'xml'],
  ['nom du journal', 'log'],
  ["id de l'événement", 'id'],
  ['id de l’événement', 'id'],
  ['catégorie de la tâche', 'other'],
  ['niveau', 'other'],
  ['mots clés', 'other'],
  ['utilisateur', 'other'],
  ['ordinateur', 'computer'],
  ['xml de l’événement', 'xml'],
  ["xml de l'événement", 'xml'],
]);

/** Properties that PowerShell lists. */
const POWERSHELL_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['timecreated', 'date'],
  ['providername', 'source'],
  ['id', 'id'],
  ['message', 'description'],
  ['logname', 'log'],
  ['machinename', 'computer'],
  ['leveldisplayname', 'other'],
  ['level', 'other'],
  ['recordid', 'other'],
  ['processid', 'other'],
  ['threadid', 'other'],
  ['userid', 'other'],
  ['providerid', 'other'],
  ['task', 'other'],
  ['taskdisplayname', 'other'],
  ['opcode', 'other'],
  ['opcodedisplayname', 'other'],
  ['keywords', 'other'],
  ['keywordsdisplaynames', 'other'],
  ['properties', 'other'],
  ['bookmark', 'other'],
  ['activityid', 'other'],
  ['relatedactivityid', 'other'],
  ['containerlog', 'other'],
  ['matchedqueryids', 'other'],
  ['qualifiers', 'other'],
  ['version', 'other'],
  // Get-EventLog
  ['index', 'other'],
  ['entrytype', 'other'],
  ['eventid', 'id'],
  ['instanceid', 'instance'],
  ['source', 'source'],
  ['category', 'other'],
  ['categorynumber', 'other'],
  ['replacementstrings', 'other'],
  ['timegenerated', 'date'],
  ['timewritten', 'other'],
  ['username', 'other'],
]);

/** Where `Name : value` is looked for. */
const HEAD = 200;

interface FieldLine {
  readonly style: 'viewer' | 'powershell';
  readonly field: Field;
  readonly name: string;
  readonly value: string;
}

/** PowerShell aligns its colons behind spaces; of Event Viewer only the French one has a space there, and never two. */
function fieldOf(text: string): FieldLine | undefined {
  const head = text.slice(0, HEAD);
  const colon = head.indexOf(':');
  if (colon < 2 || colon > 60) return undefined;
  const name = head.slice(0, colon).trim().toLowerCase();
  const viewer = VIEWER_FIELDS.get(name);
  const spaced = head[colon - 1] === ' ' && !head.startsWith(' ');
  const powershell = spaced && (viewer === undefined || head[colon - 2] === ' ') ? POWERSHELL_FIELDS.get(name) : undefined;
  const field = powershell ?? viewer;
  if (field === undefined) return undefined;
  const value = text.slice(colon + 1, colon + 1 + RECORD_LIMIT).trim();
  return { style: powershell === undefined ? 'viewer' : 'powershell', field, name, value };
}

/** `Event[0]:` or `Event[0]` of wevtutil. */
const WEVTUTIL_HEAD = /^\s{0,40}Event\[\d{1,9}\]:?\s{0,10}$/;

/** `Information	8/20/2024 9:49:42 AM	Source	306	None	…`: Event Viewer's own export, with tabs or commas. */
const ROW =
  /^\s{0,40}"?(?:Information|Informationen|Informacje|Informations|Error|Fehler|Błąd|Erreur|Warning|Warnung|Ostrzeżenie|Avertissement|Critical|Kritisch|Verbose)"?([\t,])"?(\d[^\t,]{6,40}(?:, ?\d[^\t,]{4,30})?)"?\1"?([^\t,]{1,200}?)"?\1"?(\d{1,6})"?\1([^\t,]{0,200})(?:\1|$)/;

/** A description that was pasted without anything around it. */
const BARE = /^\s{0,40}SCEP: (?:Certificate|CspExecute|InstallFromRegEntries|Failed)/;

function recognise(lines: readonly string[]): number {
  const viewer = new Set<Field>();
  const powershell = new Set<string>();
  let bare = false;
  for (const line of lines) {
    const head = line.slice(0, HEAD * 3);
    if (ROW.test(head)) return 0.9;
    bare ||= BARE.test(head);
    const field = fieldOf(head);
    if (field?.style === 'powershell') powershell.add(field.name);
    else if (field !== undefined && (field.field !== 'id' || /^\d{1,6}(?!\d)/.test(field.value))) viewer.add(field.field);
  }
  if (viewer.has('id') && viewer.size >= 3) return 0.95;
  if ((powershell.has('id') || powershell.has('eventid') || powershell.has('instanceid')) && powershell.size >= 3) return 0.9;
  if (viewer.has('id') && viewer.size >= 2) return 0.7;
  return bare ? 0.6 : 0;
}

/** The event that is being read. */
interface Draft {
  readonly line: number;
  readonly style: 'viewer' | 'powershell' | 'row' | 'bare';
  /** Names of the fields that it has, as they are written. */
  readonly names: Set<string>;
  id?: number;
  at?: number;
  source: string;
  log: string;
  computer: string;
  description?: RecordText;
  /** All its lines, as evidence. */
  readonly whole: RecordText;
  reading: 'fields' | 'description' | 'xml';
  /** Empty lines one after the other. */
  empty: number;
}

interface State {
  readonly sink: LogSink;
  readonly events: WindowsEventReader;
  readonly dates: LocalDates;
  draft?: Draft;
}

function parser(file: string, sink: LogSink): LogParser {
  const state: State = { sink, events: windowsEvents(file, sink), dates: localDates() };
  return {
    line: (text, line) => read(state, text, line),
    end: () => {
      tell(state);
      state.events.end();
    },
  };
}

function read(state: State, text: string, line: number): void {
  if (WEVTUTIL_HEAD.test(text.slice(0, 60))) {
    begin(state, text, line, 'viewer');
    return;
  }
  const row = ROW.exec(text.slice(0, HEAD * 3));
  if (row !== null) {
    readRow(state, row, text, line);
    return;
  }
  const field = fieldOf(text);
  if (field !== undefined && !continues(state.draft, field, text)) {
    readField(state, field, text, line);
    return;
  }
  if (state.draft !== undefined) goOn(state, state.draft, text);
  else if (BARE.test(text.slice(0, HEAD))) readBare(state, text, line);
}

/** Within a description nearly everything is description: CertEnroll repeats HTTP headers there, `Date:` among them. */
function continues(draft: Draft | undefined, { style, field, name }: FieldLine, text: string): boolean {
  if (draft === undefined || draft.reading === 'fields') return false;
  if (draft.style === 'powershell') return style !== 'powershell' || /^\s/.test(text.slice(0, 1));
  if (field === 'xml' && draft.reading === 'description') return false;
  if (style !== 'viewer') return true;
  return field !== 'log' && !(field === 'id' && (draft.names.has(name) || draft.style !== 'viewer'));
}

function goOn(state: State, draft: Draft, text: string): void {
  if (draft.reading === 'xml') {
    readXmlTime(draft, text);
    return;
  }
  draft.empty = isEmptyLine(text) ? draft.empty + 1 : 0;
  // Descriptions have single empty lines; what follows two of them is the text of the document that the event was pasted from.
  if (draft.empty > 1 && draft.style !== 'powershell') {
    tell(state);
    return;
  }
  draft.whole.add(text);
  if (draft.reading === 'description') draft.description?.add(text);
}

/** The one thing that the XML behind a copied text says better: the time in UTC. */
function readXmlTime(draft: Draft, text: string): void {
  const [, time] = /SystemTime=["']([\dT:.Z+-]{10,40})["']/.exec(text.slice(0, 4_000)) ?? [];
  const at = time === undefined ? undefined : parseIsoTime(time);
  if (at !== undefined) draft.at = at;
}

function readField(state: State, line: FieldLine, text: string, number: number): void {
  const { style, field, name, value } = line;
  const { draft: before } = state;
  const draft = before === undefined || beginsNext(before, line) ? begin(state, text, number, style) : before;
  if (draft === before && field !== 'xml') draft.whole.add(text);
  draft.names.add(name);
  draft.reading = 'fields';
  if (field === 'log') draft.log = value.slice(0, 200);
  else if (field === 'source') draft.source = value.slice(0, 200);
  else if (field === 'computer') draft.computer = value.slice(0, 256);
  else if (field === 'id' || field === 'instance') readId(draft, field, value);
  else if (field === 'date') readDate(state, draft, value);
  else if (field === 'xml') draft.reading = 'xml';
  else if (field === 'description') {
    draft.description = recordText(value);
    draft.reading = 'description';
  }
}

/** In Event Viewer the description comes last; PowerShell may list it first, and only a name that comes again is the next event's. */
function beginsNext(draft: Draft, { style, field, name }: FieldLine): boolean {
  if (field === 'xml') return false;
  return draft.style !== style || draft.names.has(name) || (style === 'viewer' && draft.reading !== 'fields');
}

/** The number of an instance has the id in its lower half. */
function readId(draft: Draft, field: Field, value: string): void {
  const [digits] = /^\d{1,10}/.exec(value) ?? [];
  if (digits === undefined) return;
  if (field === 'id') draft.id = Number(digits);
  else draft.id ??= Number(digits) % 0x1_0000;
}

function readDate({ dates }: State, draft: Draft, value: string): void {
  const at = dates.read(value);
  if (at !== undefined) draft.at ??= at;
}

function readRow(state: State, row: RegExpExecArray, text: string, line: number): void {
  const [all, , date = '', source = '', id = ''] = row;
  const draft = begin(state, text, line, 'row');
  readDate(state, draft, date);
  draft.source = source;
  draft.id = Number(id);
  draft.description = recordText(text.slice(all.length, all.length + RECORD_LIMIT));
  draft.reading = 'description';
}

function readBare(state: State, text: string, line: number): void {
  const draft = begin(state, text, line, 'bare');
  draft.description = recordText(text);
  draft.reading = 'description';
}

function begin(state: State, text: string, line: number, style: Draft['style']): Draft {
  tell(state);
  const draft: Draft = {
    line,
    style,
    names: new Set(),
    source: '',
    log: '',
    computer: '',
    whole: recordText(text),
    reading: 'fields',
    empty: 0,
  };
  state.draft = draft;
  return draft;
}

function tell(state: State): void {
  const { draft } = state;
  delete state.draft;
  if (draft === undefined) return;
  const { id, at, line } = draft;
  const message = draft.description?.text() ?? '';
  if (id === undefined && message === '') {
    // A single word with a colon is in many texts; more of them are an event that was cut.
    if (draft.names.size >= 3) state.sink.unreadable(line);
    return;
  }
  state.events.event({
    line,
    ...(at === undefined ? {} : { at }),
    ...(id === undefined ? {} : { id }),
    provider: draft.source,
    channel: draft.log,
    computer: draft.computer,
    message,
    text: draft.whole.text(),
  });
}
