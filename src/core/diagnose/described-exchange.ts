import { detached, evidenceText } from './formats/evidence-text.ts';
import type { LogCode } from './log-code.ts';
import type { LogFinding } from './log-finding.ts';
import { PLATFORM_NAMES } from './platform-names.ts';
import { statusText } from './request-counts.ts';
import type { ScepExchange } from './scep-exchange.ts';

/** An exchange as evidence: its line, or what it says where the parser did not keep the line. */
export function describedExchange(code: LogCode, exchange: ScepExchange, at: number | undefined): LogFinding {
  const { platform, file, line, text, operation, status } = exchange;
  const said = `${operation} of ${PLATFORM_NAMES[platform]}${status === undefined ? '' : `: ${statusText(exchange)}`}`;
  return { code, platform, ...(at !== undefined && { at }), file, line, text: text === undefined ? said : detached(evidenceText(text)) };
}
