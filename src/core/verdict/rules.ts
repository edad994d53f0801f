import { printable } from '../text/printable.ts';
import { redactedUrl } from '../text/redact.ts';
import { isoDay } from '../time.ts';
import type { VerdictCode } from './code.ts';
import type { AnswerFacts, Facts, FailureFacts, FailureKind } from './facts.ts';
import type { Severity } from './severity.ts';

/** What a rule may know besides the answer in front of it. */
export interface RuleContext {
  /** Epoch milliseconds. */
  readonly now: number;
  /** The status that GetCACaps answered in the same cycle, when it answered. Rows 8 to 14 make sense only after a 200. */
  readonly capsStatus?: number;
  /** NotAfter of the RA certificates when they could last be read; row 37. */
  readonly lastRaNotAfter?: number;
  /** From how many places the same answer was seen; a block page seen from one place may be that place's own. */
  readonly vantagePoints: number;
}

/** `true`, or the lines of evidence that the answer itself does not show, or also a severity of its own. */
type Match = boolean | { readonly evidence?: readonly string[]; readonly severity?: Severity };

interface Rule {
  readonly code: VerdictCode;
  readonly when: (seen: Facts, context: RuleContext) => Match;
}

/**
 * Rows 1 to 50 and 63 of the decision table, in its order: the first rule that applies explains the symptom best.
 * What a readable certificate bundle or capability list says (rows 51 to 62) are findings, not symptoms: see findings.ts.
 */
const RULES: readonly Rule[] = [
  { code: 'dns-name-not-found', when: failure('name-not-found') },
  { code: 'dns-lookup-failed', when: failure('lookup-failed') },
  { code: 'tcp-refused', when: failure('refused') },
  { code: 'tcp-timeout', when: failure('connect-timeout') },
  { code: 'tls-certificate-expired', when: failure('certificate-expired') },
  { code: 'tls-name-mismatch', when: failure('certificate-name') },
  { code: 'tls-untrusted', when: failure('certificate-untrusted') },

  { code: 'long-url-blocked-414', when: longUrl((seen) => seen.status === 414 || seen.says('request url too long')) },
  {
    code: 'long-url-blocked-400',
    when: longUrl((seen) => seen.status === 400 && (seen.says('request too long') || seen.says('request headers is too long'))),
  },
  { code: 'long-url-blocked-404-14', when: longUrl((seen) => seen.status === 404 && seen.says('404.14')) },
  { code: 'long-url-blocked-404-15', when: longUrl((seen) => seen.status === 404) },
  { code: 'long-url-blocked-reset', when: longUrlFailure('reset') },
  { code: 'long-url-hangs', when: longUrlFailure('no-reply') },
  // A page instead of a capability list was made by something in between, whatever its status.
  { code: 'long-url-blocked-other', when: longUrl((seen) => seen.status !== 200 || seen.says(/<html|<!doctype/)) },

  // A body that breaks off matters only where the body is the answer; any other status has already said enough.
  {
    code: 'connection-reset',
    when: (seen) => isFailure(seen, 'reset') || (isAnswer(seen) && seen.status === 200 && seen.cutShort === 'reset'),
  },
  {
    code: 'client-timeout',
    when: (seen) => isFailure(seen, 'no-reply') || (isAnswer(seen) && seen.status === 200 && seen.cutShort === 'timeout'),
  },

  {
    code: 'preauth-entra-id-enabled',
    when: answer((seen) =>
      isRedirect(seen) && ENTRA_SIGN_IN.test(redirectHost(seen.location))
        ? { evidence: [`redirects to ${quote(redactedUrl(seen.location))}`] }
        : false,
    ),
  },
  {
    code: 'approxy-empty-connector-group',
    when: answer((seen) => seen.proxyError === 'emptyconnectorgroup' || seen.says('connector group that contains no connectors')),
  },
  {
    code: 'approxy-no-active-connector',
    when: answer(
      (seen) =>
        seen.proxyError === 'noactiveconnector' ||
        ((seen.status === 504 || seen.says('gatewaytimeout')) &&
          (seen.says('noactiveconnector') || seen.says('properly installed and registered'))),
    ),
  },
  {
    code: 'approxy-backend-timeout',
    when: answer((seen) => seen.proxyError === 'backendtimeout' || (seen.corporateAppPage && seen.says('connector timed out'))),
  },
  { code: 'approxy-connector-unauthorized', when: answer((seen) => seen.says(/connectorerror: ?unauthorized/)) },
  { code: 'approxy-bad-backend-response', when: answer((seen) => seen.proxyError === 'parsebackendresponsefailed') },
  {
    code: 'approxy-bad-gateway',
    when: answer(
      (seen) =>
        seen.proxyError === 'backendserviceunavailable' ||
        (seen.status === 502 && (seen.throughProxy || seen.corporateAppPage)) ||
        (seen.corporateAppPage && seen.says('badgateway')) ||
        (seen.throughProxy && seen.says('connection to the server failed')),
    ),
  },
  {
    code: 'approxy-gateway-timeout',
    when: answer(
      (seen) =>
        (seen.status === 504 && (seen.throughProxy || seen.corporateAppPage)) || (seen.corporateAppPage && seen.says('gatewaytimeout')),
    ),
  },
  { code: 'approxy-forbidden', when: answer((seen) => seen.status === 403 && seen.corporateAppPage) },
  { code: 'approxy-app-not-found', when: answer((seen) => seen.status === 404 && seen.throughProxy && !seen.byConnector) },
  { code: 'approxy-error-other', when: answer((seen) => seen.proxyError !== '' || seen.corporateAppPage) },

  {
    code: 'intercepted-by-waf-or-portal',
    when: answer((seen, { vantagePoints }) => {
      if (seen.throughProxy || NDES_OR_IIS_PAGE.some((literal) => seen.says(literal))) return false;
      const product = INTERCEPTORS.find(({ says }) => says.every((literal) => seen.says(literal)))?.product;
      if (product === undefined) return false;
      return { evidence: [`the page is one of ${product}`], severity: vantagePoints > 1 ? 'crit' : 'unknown' };
    }),
  },
  { code: 'ndes-admin-page-exposed', when: answer((seen) => ADMIN_PAGE.some((literal) => seen.says(literal))) },
  { code: 'ndes-policy-module-not-loaded', when: answer((seen) => seen.status === 200 && seen.says('network device enrollment service')) },

  { code: 'url-too-long', when: answer((seen) => seen.status === 414 || seen.says('request url too long')) },
  { code: 'iis-host-binding-mismatch', when: answer((seen) => seen.status === 400 && seen.says('invalid hostname')) },
  { code: 'iis-bad-request', when: status(400) },
  { code: 'iis-auth-required', when: status(401) },
  {
    code: 'ndes-app-pool-stopped',
    when: answer(
      (seen) => seen.status === 503 && (seen.says('http error 503') || seen.says('service unavailable') || /httpapi/i.test(seen.server)),
    ),
  },
  { code: 'service-unavailable', when: status(503) },
  {
    code: 'ra-certificate-expired',
    when: answer((seen, { now, lastRaNotAfter }) =>
      seen.status === 500 && lastRaNotAfter !== undefined && lastRaNotAfter < now
        ? { evidence: [`inferred: the RA certificates that were last seen expired on ${isoDay(lastRaNotAfter)}`] }
        : false,
    ),
  },
  { code: 'iis-config-invalid', when: answer((seen) => seen.status === 500 && seen.says('500.19')) },
  { code: 'aspnet-application-error', when: answer((seen) => seen.status === 500 && seen.says('server error in')) },
  { code: 'ndes-internal-error', when: status(500) },
  {
    code: 'scep-operation-forbidden',
    when: answer((seen) => seen.status === 403 && (seen.operation === 'ca-caps' || seen.operation === 'ca-cert')),
  },
  {
    code: 'ndes-isapi-blocked',
    when: answer((seen) => seen.status === 404 && seen.says(/404\.(?:2|4|17)(?!\d)/)),
  },
  { code: 'ndes-path-not-found', when: status(404) },
  { code: 'throttled-or-captive', when: answer((seen) => seen.status === 408 || seen.status === 429 || seen.status === 511) },
  { code: 'bad-gateway', when: answer((seen) => seen.status === 502 || seen.status === 504) },
  {
    code: 'unexpected-redirect',
    when: answer((seen) => (isRedirect(seen) ? { evidence: [`redirects to ${quote(redactedUrl(seen.location))}`] } : false)),
  },
  {
    code: 'iis-default-page',
    when: answer((seen) => seen.operation === 'base-url' && seen.status === 200 && seen.says('iis windows server')),
  },
  { code: 'unrelated-page', when: answer((seen) => seen.operation === 'base-url' && seen.status === 200) },
];

/** What the first matching rule says; undefined when the answer shows no symptom. */
export interface Symptom {
  readonly code: VerdictCode;
  readonly evidence: readonly string[];
  readonly severity?: Severity;
}

export function firstSymptom(seen: Facts, context: RuleContext): Symptom | undefined {
  for (const { code, when } of RULES) {
    const match = when(seen, context);
    if (match === false) continue;
    if (match === true) return { code, evidence: [] };
    return { code, evidence: match.evidence ?? [], ...(match.severity !== undefined && { severity: match.severity }) };
  }
  return undefined;
}

/** Sentences that only mscep_admin says: the challenge, a full cache, and no permission. */
const ADMIN_PAGE = [
  'enrollment challenge password is',
  'the password cache is full',
  'you do not have sufficient permission to enroll with scep',
];

const ENTRA_SIGN_IN = /^login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn|windows\.net)$/;

/** Words of IIS's and NDES's own pages: what carries one of them was not made by something in between. */
const NDES_OR_IIS_PAGE = [
  'network device enrollment service',
  'detailed error - ',
  '403 - forbidden: access is denied',
  'http error 503. the service is unavailable',
];

/** Pages of products that stand between the probe and application proxy, each by literals that nothing else uses together. */
const INTERCEPTORS: readonly { readonly product: string; readonly says: readonly string[] }[] = [
  { product: 'Cloudflare (browser challenge)', says: ['just a moment...'] },
  { product: 'Cloudflare (block page)', says: ['attention required!'] },
  { product: 'Akamai', says: ['access denied', 'errors.edgesuite.net'] },
  { product: 'F5 BIG-IP', says: ['the requested url was rejected', 'consult with your administrator'] },
  { product: 'a web filter (Fortinet, Palo Alto Networks)', says: ['web page blocked'] },
  { product: 'Imperva', says: ['incapsula incident id'] },
  { product: 'Azure Application Gateway', says: ['microsoft-azure-application-gateway'] },
  { product: 'Azure Front Door', says: ['the request is blocked', 'x-azure-ref'] },
];

function isAnswer(seen: Facts): seen is AnswerFacts {
  return seen.kind === 'answer';
}

function isFailure(seen: Facts, kind: FailureKind): seen is FailureFacts {
  return seen.kind === 'failure' && seen.failure === kind;
}

function failure(kind: FailureKind): Rule['when'] {
  return (seen) => isFailure(seen, kind);
}

function answer(matches: (seen: AnswerFacts, context: RuleContext) => Match): Rule['when'] {
  return (seen, context) => isAnswer(seen) && matches(seen, context);
}

function status(code: number): Rule['when'] {
  return answer((seen) => seen.status === code);
}

/** Rows 8 to 14 speak only when a short GetCACaps got through: "short works, long does not" is the most specific evidence there is. */
function longUrl(matches: (seen: AnswerFacts) => boolean): Rule['when'] {
  return answer((seen, { capsStatus }) => seen.operation === 'long-url' && capsStatus === 200 && matches(seen));
}

function longUrlFailure(kind: FailureKind): Rule['when'] {
  return (seen, { capsStatus }) => seen.operation === 'long-url' && capsStatus === 200 && isFailure(seen, kind);
}

function isRedirect(seen: AnswerFacts): boolean {
  return seen.status >= 300 && seen.status < 400;
}

function redirectHost(location: string): string {
  return URL.canParse(location) ? new URL(location).hostname : '';
}

function quote(text: string): string {
  return `"${printable(text, 160)}"`;
}
