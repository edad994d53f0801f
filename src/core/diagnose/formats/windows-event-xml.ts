import { parseIsoTime } from '../../time.ts';
import type { LogParser, LogReader, LogSink } from '../log-format.ts';
import { RECORD_LIMIT } from './device-log-text.ts';
import { type WindowsEventReader, windowsEvents } from './windows-events.ts';
import { xmlAttributes, xmlScanner } from './xml-scanner.ts';

/** Events as XML: saved by Event Viewer, `wevtutil qe … /f:xml`, or `ToXml()`; one to a line, pretty-printed, or all in one line. */
export const WINDOWS_EVENT_XML: LogReader = { format: 'windows-event-xml', recognise, parser };

const LOOKED_AT = 8_192;

function recognise(lines: readonly string[]): number {
  let event = false;
  let schema = false;
  let system = false;
  for (const line of lines) {
    const head = line.slice(0, LOOKED_AT);
    // "Copy details as text" of Event Viewer puts the XML behind the text: that is text.
    if (/^\s{0,40}Event Xml:/.test(head)) return 0.1;
    event ||= /<(?:\w{1,20}:)?Event[ >]/.test(head);
    schema ||= head.includes('schemas.microsoft.com/win/2004/08/events');
    system ||= /<(?:\w{1,20}:)?System>|<(?:\w{1,20}:)?EventID[ >]/.test(head);
    if (event && schema) return 0.95;
  }
  return event && system ? 0.8 : 0;
}

/** The event that is being read. Values are kept as they come, up to the size of a record. */
interface Draft {
  readonly line: number;
  id?: number;
  at?: number;
  provider: string;
  channel: string;
  computer: string;
  values: string[];
  valuesLength: number;
  /** The description, where the export has it. */
  rendered: string;
}

type Section = 'none' | 'data' | 'rendering';

interface State {
  readonly sink: LogSink;
  readonly events: WindowsEventReader;
  draft?: Draft;
  section: Section;
  element: string;
  /** Name of the value that is being read. */
  named: string;
  text: string;
}

function parser(file: string, sink: LogSink): LogParser {
  const state: State = { sink, events: windowsEvents(file, sink), section: 'none', element: '', named: '', text: '' };
  const scanner = xmlScanner({
    open: (name, attributes, line) => opened(state, name, attributes, line),
    text: (text) => {
      if (state.draft !== undefined && state.text.length < RECORD_LIMIT) state.text += text;
    },
    close: (name) => closed(state, name),
  });
  return {
    line: (text, line) => scanner.feed(text, line),
    end: () => {
      tell(state);
      state.events.end();
    },
  };
}

const SECTIONS: ReadonlyMap<string, Section> = new Map([
  ['EventData', 'data'],
  ['UserData', 'data'],
  ['DebugData', 'data'],
  ['ProcessingErrorData', 'none'],
  ['RenderingInfo', 'rendering'],
]);

function opened(state: State, name: string, attributes: string, line: number): void {
  if (name === 'Event') {
    tell(state);
    state.draft = { line, provider: '', channel: '', computer: '', values: [], valuesLength: 0, rendered: '' };
  }
  const { draft } = state;
  if (draft === undefined) return;
  const section = SECTIONS.get(name);
  if (section !== undefined) state.section = section;
  state.element = name;
  state.text = '';
  state.named = '';
  if (state.section === 'none') readSystem(draft, name, attributes);
  else if (state.section === 'data' && section === undefined) readData(state, draft, name, attributes);
}

function readSystem(draft: Draft, name: string, attributes: string): void {
  if (name === 'Provider') {
    const known = xmlAttributes(attributes);
    draft.provider = (known.get('Name') ?? known.get('EventSourceName') ?? '').slice(0, 200);
  }
  if (name === 'TimeCreated') {
    const at = parseIsoTime(xmlAttributes(attributes).get('SystemTime') ?? '');
    if (at !== undefined) draft.at = at;
  }
}

/** `<Data Name="ErrorCode">` is named by its attribute; of CAPI2's own elements all attributes matter. */
function readData(state: State, draft: Draft, name: string, attributes: string): void {
  const known = xmlAttributes(attributes);
  if (name === 'Data') {
    state.named = known.get('Name') ?? '';
    return;
  }
  state.named = name;
  for (const [key, value] of known) if (key !== 'xmlns') keep(draft, `${key === 'value' ? name : key}: ${value}`);
}

function closed(state: State, name: string): void {
  const { draft } = state;
  if (draft === undefined) return;
  if (name === 'Event') {
    tell(state);
    return;
  }
  if (name === state.element) readValue(state, draft, state.text.trim());
  if (SECTIONS.has(name)) state.section = 'none';
  state.element = '';
  state.text = '';
}

function readValue({ section, element, named }: State, draft: Draft, value: string): void {
  if (section === 'data') {
    if (value !== '') keep(draft, named === '' ? value : `${named}: ${value}`);
  } else if (section === 'rendering') {
    if (element === 'Message') draft.rendered = value;
  } else if (element === 'EventID') {
    if (/^\d{1,6}$/.test(value)) draft.id = Number(value);
  } else if (element === 'Channel') draft.channel = value.slice(0, 200);
  else if (element === 'Computer') draft.computer = value.slice(0, 256);
}

function keep(draft: Draft, value: string): void {
  if (draft.valuesLength >= RECORD_LIMIT) return;
  const kept = value.slice(0, RECORD_LIMIT - draft.valuesLength);
  draft.values.push(kept);
  draft.valuesLength += kept.length + 1;
}

/** Also an event that ends with the file or with the next event: what was cut off may still say enough. */
function tell(state: State): void {
  const { draft } = state;
  delete state.draft;
  state.section = 'none';
  state.element = '';
  state.text = '';
  if (draft === undefined) return;
  const { id, at, line } = draft;
  if (id === undefined) {
    state.sink.unreadable(line);
    return;
  }
  // The description says it for people, the values are the same in every language: both are searched.
  const message = [draft.rendered, ...draft.values].filter((part) => part !== '').join('\n');
  const { provider, channel, computer } = draft;
  state.events.event({
    line,
    ...(at === undefined ? {} : { at }),
    id,
    provider,
    channel,
    computer,
    message,
    text: `Event ${id}, ${provider}\n${draft.rendered === '' ? message : draft.rendered}`,
  });
}
