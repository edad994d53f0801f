import { decodeBody } from '../http/decode-body.ts';
import { headerValue, redactedHeaderValue } from '../http/headers.ts';
import type { CertificateFacts } from '../scep/certificate.ts';
import { escapeHarmful, printable } from '../text/printable.ts';
import { redactedText } from '../text/redact.ts';
import { isoTime } from '../time.ts';
import type { Answered, Observation, TargetObservation } from '../verdict/observation.ts';
import type { JudgedCheck, TargetReport } from '../verdict/report.ts';

/** How much of a body is shown byte by byte. */
const DUMPED_BYTES = 256;
/** A byte order mark and the first characters of a doctype: enough to see the encoding, too little for an identifier. */
const SAFE_BYTES = 16;
const EXCERPT_CHARACTERS = 2048;

/**
 * Every fact that the verdict rests on, for the engineer who doubts it: addresses, TLS, raw headers, bytes, certificates.
 * Identifiers of the tenant, cookies and redirect queries are redacted; nothing can harm a terminal.
 */
export function debugText(report: TargetReport): string {
  const { observation } = report;
  const lines = [`target      ${observation.url}`, `started     ${isoTime(observation.startedAt)}`, ...connectionLines(observation)];
  for (const check of report.checks) lines.push('', ...checkLines(check));
  for (const comparison of observation.comparisons) lines.push('', ...observationLines(comparison));
  return `${lines.join('\n')}\n`;
}

function connectionLines({ connection }: TargetObservation): readonly string[] {
  if (connection === undefined) return ['connection  none'];
  const { host, port, addresses, address, tls } = connection;
  const lines = [`addresses   ${host} → ${addresses.join(', ') || 'none'}`, `connected   ${address ?? 'no'} port ${port}`];
  if (tls === undefined) return lines;
  lines.push(`tls         ${tls.protocol ?? 'no handshake'} ${tls.cipher ?? ''} for ${tls.serverName}`);
  lines.push(
    `verified    ${tls.verifyError === undefined ? (tls.protocol === undefined ? 'no handshake' : 'yes') : `no: ${printable(tls.verifyError.code)} ${printable(tls.verifyError.detail, 400)}`}`,
  );
  for (const [index, certificate] of tls.chain.entries()) lines.push(`chain ${index}     ${certificateLine(certificate)}`);
  return lines;
}

function checkLines(check: JudgedCheck): readonly string[] {
  const lines = [...observationLines(check.observation)];
  if (check.caps?.kind === 'caps')
    lines.push(
      `caps        ${check.caps.capabilities.join(', ')}${check.caps.other.length === 0 ? '' : ` and unregistered: ${printable(check.caps.other.join(', '))}`}`,
    );
  if (check.bundle !== undefined && check.bundle.kind !== 'invalid') {
    for (const [index, certificate] of check.bundle.certificates.entries()) {
      lines.push(
        `bundle ${index}    ${certificateLine(certificate)}`,
        `            signed by ${certificate.signedBy.length === 0 ? 'nothing in this bundle' : certificate.signedBy.join(', ')}`,
      );
    }
  }
  if (check.verdict !== undefined) lines.push(`verdict     ${check.verdict.severity} ${check.verdict.code}`);
  for (const { code, severity } of check.alsoFound) lines.push(`also        ${severity} ${code}`);
  return lines;
}

function observationLines(observation: Observation): readonly string[] {
  const { operation, dialect, url } = observation.request;
  const head = [`--- ${operation} (${dialect})`, `> GET ${url.length > 300 ? `${url.slice(0, 200)}… (${url.length} characters)` : url}`];
  switch (observation.kind) {
    case 'skipped':
      return [...head, `skipped     ${observation.reason}: ${printable(observation.detail)}`];
    case 'failed':
      return [
        ...head,
        `failed      in phase ${observation.phase}: ${printable(observation.code)} ${printable(observation.detail, 400)}`,
        timings(observation),
      ];
    case 'answered':
      return [...head, ...answerLines(observation), timings(observation)];
  }
}

function answerLines(answered: Answered): readonly string[] {
  const { status, reason, headers, body, bodyEnd } = answered;
  const { text, encoding, source } = decodeBody(body, headerValue(headers, 'content-type'));
  const binary = body[0] === 0x30;
  const excerpt = text.slice(0, EXCERPT_CHARACTERS).replace(/\s+/g, ' ');
  const shown = redactedText(excerpt);
  return [
    `< ${status} ${printable(reason, 100)}`,
    ...headers.map(([name, value]) => `< ${printable(name, 100)}: ${printable(redactedHeaderValue(name, value), 400)}`),
    `body        ${body.length} bytes, ${bodyEnd}${binary ? ', binary' : `, read as ${encoding} (${source})`}`,
    // The bytes would say again what the text leaves out; the first ones are kept, because encodings show there.
    ...hexLines(body.subarray(0, binary || shown === excerpt ? DUMPED_BYTES : SAFE_BYTES)),
    ...(binary || body.length === 0 ? [] : [`text        ${escapeHarmful(shown)}`]),
  ];
}

function hexLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = [...bytes.subarray(offset, offset + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`  ${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${ascii}`);
  }
  return lines;
}

function timings({ timings: { dnsMs, tcpMs, tlsMs, firstByteMs, totalMs } }: Exclude<Observation, { kind: 'skipped' }>): string {
  const parts = { dns: dnsMs, tcp: tcpMs, tls: tlsMs, 'first byte': firstByteMs, total: totalMs };
  return `timings     ${Object.entries(parts)
    .flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${ms.toFixed(1)} ms`]))
    .join(', ')}`;
}

function certificateLine({
  subject,
  issuer,
  notBefore,
  notAfter,
  sha256,
  keyType,
  keyBits,
  signatureAlgorithmOid,
  keyUsage,
  extendedKeyUsage,
  isCa,
  template,
}: CertificateFacts): string {
  return [
    `"${printable(subject, 120)}" by "${printable(issuer, 120)}"`,
    `${isoTime(notBefore)} to ${isoTime(notAfter)}`,
    `${keyType}${keyBits === undefined ? '' : ` ${keyBits}`}, signature ${signatureAlgorithmOid}${isCa ? ', CA' : ''}`,
    `KU ${keyUsage === undefined ? 'none' : keyUsage.join(' ')}, EKU ${extendedKeyUsage === undefined ? 'none' : extendedKeyUsage.join(' ')}${template === undefined ? '' : `, template ${printable(template, 60)}`}`,
    `SHA-256 ${sha256}`,
  ].join('\n            ');
}
