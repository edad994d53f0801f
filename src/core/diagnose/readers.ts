import { HTTPERR } from './formats/httperr.ts';
import { IIS_W3C } from './formats/iis-w3c.ts';
import { NDES_PLUGIN } from './formats/ndes-plugin.ts';
import { SETUP_MSI } from './formats/setup-msi.ts';
import type { LogReader } from './log-format.ts';

/** All logs that can be read. When two are equally sure of a log, the first has it. */
export const LOG_READERS: readonly LogReader[] = [HTTPERR, IIS_W3C, SETUP_MSI, NDES_PLUGIN];
