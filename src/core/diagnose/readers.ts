import { ANDROID_OMADM } from './formats/android-omadm.ts';
import { APPLE_DEBUG } from './formats/apple-debug.ts';
import { HTTPERR } from './formats/httperr.ts';
import { IIS_W3C } from './formats/iis-w3c.ts';
import { NDES_PLUGIN } from './formats/ndes-plugin.ts';
import { SETUP_MSI } from './formats/setup-msi.ts';
import { WINDOWS_EVENT_TEXT } from './formats/windows-event-text.ts';
import { WINDOWS_EVENT_XML } from './formats/windows-event-xml.ts';
import type { LogReader } from './log-format.ts';

/** All logs that can be read. When two are equally sure of a log, the first has it. */
export const LOG_READERS: readonly LogReader[] = [
  HTTPERR,
  IIS_W3C,
  ANDROID_OMADM,
  APPLE_DEBUG,
  // Event Viewer saves all events in one line, of any length.
  { ...WINDOWS_EVENT_XML, partsEndWith: '>' },
  WINDOWS_EVENT_TEXT,
  SETUP_MSI,
  NDES_PLUGIN,
];
