import { type ErrorCode, errorCodesIn, errorLine, errorValue, explainErrorCode, httpStatusOf } from '../error-codes.ts';
import type { LogCode } from '../log-code.ts';
import type { LogSink } from '../log-format.ts';
import type { LogOperation, Platform } from '../scep-exchange.ts';
import { makeRoom, operationIn, squeezed, statusCode, withTime } from './device-log-text.ts';
import { detached, evidenceText } from './evidence-text.ts';

/** One Windows event, from whatever it was exported to. */
export interface WindowsEvent {
  /** Where it begins; counts from 1. */
  readonly line: number;
  /** Epoch ms; absent when the export does not say, or not unmistakably. */
  readonly at?: number;
  /** Absent when only its description was pasted. */
  readonly id?: number;
  /** Source or provider; empty when it is not said. */
  readonly provider: string;
  /** Name of the log; empty when it is not said. */
  readonly channel: string;
  /** Empty when it is not said. */
  readonly computer: string;
  /** The description, or the values that the event carries, with their names. */
  readonly message: string;
  /** What a finding shows as its evidence. */
  readonly text: string;
}

export interface WindowsEventReader {
  readonly event: (event: WindowsEvent) => void;
  /** After the last event. */
  readonly end: () => void;
}

/** Who writes events that matter here. */
type Family =
  | 'device-management'
  | 'cert-enroll'
  | 'capi2'
  | 'application-error'
  | 'process-activation'
  | 'asp-net'
  | 'ndes'
  | 'certificate-connector'
  | 'intune-connector'
  | 'proxy-connector';

interface FamilyRule {
  readonly family: Family;
  /** Any of these in the provider or the channel, lower case, white space left out. */
  readonly names: readonly string[];
  /** Any of these in the squeezed message, for events that were pasted without their source. */
  readonly says: readonly string[];
}

/** The first that fits. Spellings of the MDM log differ even in Microsoft's own documents. */
const FAMILIES: readonly FamilyRule[] = [
  { family: 'device-management', names: ['devicemanagement-enterprise-diagnostic'], says: ['scep:'] },
  {
    family: 'cert-enroll',
    names: ['certificateservicesclient-certenroll'],
    says: ['scepcertificateenrollment', 'scep-zertifikatregistrierung'],
  },
  { family: 'capi2', names: ['capi2'], says: ['certgetcertificatechain', 'certverifycertificatechainpolicy'] },
  { family: 'application-error', names: ['applicationerror'], says: ['faultingapplicationname', 'namederfehlerhaftenanwendung'] },
  { family: 'asp-net', names: ['asp.net'], says: [] },
  {
    family: 'certificate-connector',
    names: ['certificateconnector', 'certificate-connector'],
    says: ['scepverifyfailure', 'sceprequestissuedfailure', 'sceprequestuploadfailure', 'scepissuedfailure', 'scepnotify'],
  },
  { family: 'intune-connector', names: ['microsoftintuneconnector', 'ndesconnector'], says: ['crpverifymetric', 'crpnotifymetric'] },
  {
    family: 'proxy-connector',
    names: ['applicationproxy', 'privatenetworkconnector', 'privatenetwork', 'private-network'],
    says: ['connectorfailedtodownloadtheconfiguration', 'connectorwasunabletoconnecttotheservice'],
  },
  {
    family: 'ndes',
    names: ['networkdeviceenrollmentservice', 'networkdeviceenrollment'],
    says: ['networkdeviceenrollmentservice', 'registrierungsdienstfürnetzwerkgeräte'],
  },
  {
    family: 'process-activation',
    names: ['windows-was', 'was', 'windowsprocessactivationservice'],
    says: ['servingapplicationpool', "applicationpool'"],
  },
];

/** Ids of events whose description alone was pasted. */
const DESCRIPTIONS: readonly (readonly [says: string, family: Family, id: number])[] = [
  ['certificaterequestgeneratedsuccessfully', 'device-management', 36],
  ['certificateinstalledsuccessfully', 'device-management', 39],
  ['certificateenrollfailed', 'device-management', 32],
  ['cspexecuteforuniqueid', 'device-management', 306],
  ['failedlogerror', 'device-management', 307],
  ['failedtoinitializescepenrollment', 'device-management', 307],
  ['installfromregentries', 'device-management', 309],
  ['scepcertificateenrollmentinitialization', 'cert-enroll', 86],
  ['scepcertificateenrollmentfor', 'cert-enroll', 87],
  ['faultingapplicationname', 'application-error', 1000],
];

/** An event as the rules see it. */
interface Seen {
  readonly event: WindowsEvent;
  readonly id: number;
  readonly squeezed: string;
  /** The known error codes that it mentions. */
  readonly errors: readonly ErrorCode[];
  readonly says: (...literals: readonly string[]) => boolean;
}

interface EventRule {
  readonly family: Family;
  /** Any id when absent. */
  readonly ids?: readonly number[];
  readonly when?: (seen: Seen) => boolean;
  readonly code: LogCode | ((seen: Seen) => LogCode | undefined);
  readonly platform?: Platform;
  /** What it says, for people. */
  readonly means: string;
}

/** Only requests for a certificate matter: the pools of other applications come and go. */
const SCEP_POOL = /scep|ndes|certificateregistration|crp/;

/** Processes that check certificates for an enrolment; what others fail to check is another matter. */
const RELEVANT_PROCESS = /w3wp|omadm|dmcert|deviceenroller|svchost|taskhost|certreq|intune|connector|ndes|mdm/;

/** Processes of the server: its certificates are those of the connector. */
const SERVER_PROCESS = /w3wp|intune|connector/;

const UNTRUSTED = new Set(['0x800B0109', '0x800B010A', '0x80090325']);
const OUT_OF_DATES = new Set(['0x800B0101', '0x80090328']);
const CA_DENIES = /publickeydoesnotmeet|template|subjectname|deniedby|invalidname|0x800948|0x80094012|0x80094001/;
const SERVICE_UNREACHABLE =
  /unabletoconnect|remotename|couldnotberesolved|timedout|proxy|webexception|httprequestexception|socketexception|0x80072e/;

/** What single events mean. Every rule that fits tells its finding, so an event may mean two things. */
const RULES: readonly EventRule[] = [
  {
    family: 'device-management',
    ids: [306, 309],
    when: hasFailed,
    code: failureCode,
    platform: 'windows',
    means: 'the device could not process the SCEP profile',
  },
  {
    family: 'device-management',
    ids: [32],
    code: failureCode,
    platform: 'windows',
    means: 'the enrolment failed',
  },
  {
    family: 'device-management',
    ids: [307],
    code: (seen) => (seen.says('failedtoinitializescepenrollment') ? initialisationCode(seen) : failureCode(seen)),
    platform: 'windows',
    means: 'the enrolment with NDES could not be started',
  },
  {
    family: 'cert-enroll',
    ids: [86],
    code: initialisationCode,
    platform: 'windows',
    means: 'the enrolment could not be started',
  },
  { family: 'cert-enroll', ids: [87], code: failureCode, platform: 'windows', means: 'the enrolment failed' },

  {
    family: 'capi2',
    when: (seen) =>
      isPolicyModule(seen) ? isOutOfDates(seen) || seen.says('validity') : isOutOfDates(seen) && checkedBy(seen, SERVER_PROCESS),
    code: 'log-policy-certificate-expired',
    means: 'a certificate that the connector uses is outside its validity',
  },
  {
    family: 'capi2',
    when: (seen) => mentions(seen, UNTRUSTED) && (isPolicyModule(seen) || checkedBy(seen, RELEVANT_PROCESS)),
    code: 'log-chain-not-trusted',
    means: 'a certificate chain ends in a root that is not trusted',
  },

  {
    family: 'application-error',
    ids: [1000],
    when: (seen) => seen.says('w3wp'),
    code: 'log-worker-process-crashed',
    means: 'the IIS worker process crashed',
  },
  {
    family: 'process-activation',
    ids: [5002, 5009, 5021, 5057, 5059],
    when: isScepPool,
    code: 'ndes-app-pool-stopped',
    means: 'IIS stopped the application pool or its worker process',
  },
  {
    family: 'process-activation',
    ids: [5021, 5057],
    when: isScepPool,
    code: 'log-service-account-refused',
    means: 'the account of the application pool was refused: its password is wrong or it may not log on as a batch job',
  },
  {
    family: 'asp-net',
    ids: [1309, 1310],
    when: (seen) => seen.says('certificateregistration', 'mscep', 'ndes'),
    code: 'aspnet-application-error',
    means: 'the certificate registration point ended with an ASP.NET error; without Write on C:\\Windows\\Temp it cannot compile',
  },

  {
    family: 'ndes',
    ids: [2],
    code: (seen) => (hasCode(seen, '0x80070057') ? 'log-ndes-ra-certificate-unusable' : 'log-ndes-cannot-start'),
    means: 'NDES cannot be started',
  },
  { family: 'ndes', ids: [53], code: 'log-ndes-cannot-start', means: 'NDES cannot load its policy module' },
  {
    family: 'ndes',
    ids: [10],
    code: 'log-ndes-ra-certificate-unusable',
    means: 'NDES cannot retrieve one of its RA certificates',
  },
  {
    family: 'ndes',
    ids: [18],
    code: 'log-ndes-ra-certificate-unusable',
    means: 'NDES cannot decrypt the request: it was encrypted for another certificate than the RA certificate in use',
  },
  { family: 'ndes', ids: [7, 8], code: 'log-ndes-cannot-reach-ca', means: 'NDES cannot get the certificates of the CA' },
  {
    family: 'ndes',
    ids: [31],
    code: (seen) => (CA_DENIES.test(seen.squeezed) ? 'log-enrolment-failed' : 'log-ndes-cannot-reach-ca'),
    means: 'NDES cannot submit the request to the CA',
  },
  {
    family: 'ndes',
    ids: [6],
    code: 'log-enrolment-failed',
    means: 'NDES gives no password: the user may not enrol with the template, or the CA does not issue it',
  },
  {
    family: 'ndes',
    ids: [16, 17],
    code: 'log-enrolment-failed',
    means: 'NDES cannot read the request; a long URL that was cut, and a probe with a made-up request, look like this',
  },
  { family: 'ndes', ids: [28], code: 'log-enrolment-failed', means: 'NDES refused a renewal' },
  {
    family: 'ndes',
    ids: [29],
    code: 'log-ndes-password-not-verified',
    means: 'NDES could not verify the challenge; it says the same when the connector cannot reach Intune',
  },

  { family: 'certificate-connector', ids: [4000], code: 'log-enrolment-succeeded', means: 'the connector saw the request through' },
  {
    family: 'certificate-connector',
    ids: [4001, 4007],
    code: 'log-connector-request-failed',
    means: 'the certificate was not issued',
  },
  {
    family: 'certificate-connector',
    ids: [4005],
    code: (seen) => (SERVICE_UNREACHABLE.test(seen.squeezed) ? 'log-connector-service-unreachable' : 'log-challenge-rejected'),
    means: 'the request could not be verified with Intune',
  },
  {
    family: 'certificate-connector',
    ids: [4002, 4009, 5001, 5002],
    code: 'log-connector-service-unreachable',
    means: 'the connector could not report to Intune',
  },
  {
    family: 'certificate-connector',
    ids: [4010],
    code: 'log-connector-request-failed',
    means: 'the connector could not write a notification to its disk: Intune never learns how the request ended',
  },

  {
    family: 'intune-connector',
    ids: [10102],
    code: 'log-connector-renewal-failed',
    means: 'the connector could not renew its certificate: install it again',
  },
  {
    family: 'intune-connector',
    ids: [10301, 10302],
    code: 'log-connector-renewal-failed',
    means: 'the connector does not find its certificate: enrol it again',
  },
  { family: 'intune-connector', ids: [20501], code: 'log-challenge-rejected', means: 'the registration point rejected the request' },
  {
    family: 'intune-connector',
    ids: [20502],
    code: 'log-verify-request-failed',
    means: 'the registration point could not verify the challenge',
  },
  { family: 'intune-connector', ids: [20600], code: 'log-enrolment-succeeded', means: 'the certificate was sent to the device' },
  {
    family: 'intune-connector',
    ids: [20602],
    code: 'log-connector-request-failed',
    means: 'the registration point could not finish the notification',
  },
  {
    family: 'intune-connector',
    ids: [20302, 20402],
    code: 'log-connector-service-unreachable',
    means: 'the connector could not exchange data with Intune',
  },

  {
    family: 'proxy-connector',
    ids: [12019],
    code: 'log-proxy-connector-certificate',
    means: "the connector's certificate is not valid",
  },
  {
    family: 'proxy-connector',
    when: (seen) => seen.id !== 12019 && seen.says('connectorfailedtodownloadtheconfiguration'),
    code: 'log-proxy-connector-certificate',
    means: 'the connector could not download its configuration: its certificate has expired, or a proxy is in its way',
  },
  {
    family: 'proxy-connector',
    ids: [12015, 12020],
    when: (seen) => !seen.says('connectorfailedtodownloadtheconfiguration'),
    code: 'log-proxy-connector-network',
    means: 'the connector cannot reach the service',
  },
  {
    family: 'proxy-connector',
    ids: [13022],
    code: 'log-proxy-connector-unauthorized',
    means: 'the server behind the connector answered 401: single sign-on is on, or anonymous authentication is off',
  },
];

const RULES_OF: ReadonlyMap<Family, readonly EventRule[]> = Map.groupBy(RULES, ({ family }) => family);

/** What 32, 307, 86 and others say by their error code; the code of the most specific error. */
const ERROR_CODES: ReadonlyMap<string, LogCode> = new Map([
  ['0x80072EE7', 'dns-name-not-found'],
  ['0x80072F05', 'tls-certificate-expired'],
  ['0x80072F06', 'tls-name-mismatch'],
  ['0x80072F0D', 'tls-untrusted'],
  ['0x80072F8F', 'tls-untrusted'],
  ['0x80072F8A', 'tls-untrusted'],
  ['0x80072F19', 'tls-untrusted'],
  ['0x80090325', 'tls-untrusted'],
  ['0x80072EE2', 'log-windows-cannot-reach-ndes'],
  ['0x80072EFD', 'log-windows-cannot-reach-ndes'],
  ['0x80072EFE', 'log-windows-cannot-reach-ndes'],
  ['0x80072F78', 'log-windows-cannot-reach-ndes'],
  ['0x800B0109', 'log-chain-not-trusted'],
  ['0x800B010A', 'log-chain-not-trusted'],
  ['0x80091007', 'log-chain-not-trusted'],
]);

/** Events that begin and end an enrolment on a Windows device, and on the server where only one of its logs is at hand. */
interface Tally {
  readonly device: string;
  begun: number;
  /** By the MDM log: 39 and 32. */
  ended: number;
  /** By the application log: 87. */
  alsoEnded: number;
  installed: number;
  lastBegun?: WindowsEvent;
  /** 309 without an error tells of a success, as 39 does. */
  lastReported?: WindowsEvent;
}

/** From `The operation completed successfully.` in the languages that are read. */
const SUCCESS_WORDS = ['successfully', 'erfolgreich', 'powodzeniem', 'succès'];

const DEVICES = 256;

/** Understands events in any order: an export may begin with the newest. Keeps a few numbers for each device. */
export function windowsEvents(file: string, sink: LogSink): WindowsEventReader {
  const tallies = new Map<string, Tally>();
  const server = { finished: 0, lastIssued: undefined as Seen | undefined };

  const tell = (event: WindowsEvent, code: LogCode, platform: Platform | undefined, detail: string): void =>
    sink.finding({
      code,
      ...(platform === undefined ? {} : { platform }),
      ...withTime(event.at),
      file,
      line: event.line,
      text: detached(evidenceText(event.text)),
      detail,
    });

  const tallyOf = (computer: string): Tally => {
    const known = tallies.get(computer);
    if (known !== undefined) return known;
    makeRoom(tallies, DEVICES);
    const fresh: Tally = { device: computer, begun: 0, ended: 0, alsoEnded: 0, installed: 0 };
    tallies.set(computer, fresh);
    return fresh;
  };

  return {
    event: (event) => {
      if (event.at !== undefined) sink.seen(event.at);
      const known = recognised(event);
      if (known === undefined) return;
      const { family, seen } = known;
      for (const rule of RULES_OF.get(family) ?? []) {
        const code = ruleCode(rule, seen);
        if (code !== undefined) tell(event, code, rule.platform, detailOf(seen, rule.means, TELLS_URL.has(family)));
      }
      const exchange = exchangeOf(family, seen);
      if (exchange !== undefined) sink.exchange({ file, line: event.line, ...withTime(event.at), ...exchange });
      if (family === 'device-management' || family === 'cert-enroll') count(tallyOf(deviceOf(event)), family, seen);
      if (family === 'certificate-connector' && seen.id === 4000) server.finished++;
      if (family === 'certificate-connector' && seen.id === 4006) server.lastIssued = { ...seen, event: kept(event) };
      if (family === 'device-management' && seen.id === 39) {
        tell(event, 'log-enrolment-succeeded', 'windows', 'the certificate was installed');
      }
    },
    end: () => {
      for (const tally of tallies.values()) endOf(tally, tell);
      const { finished, lastIssued } = server;
      // The Operational log tells of each step, the Admin log of the whole; one of them is enough.
      if (finished === 0 && lastIssued !== undefined) {
        tell(lastIssued.event, 'log-enrolment-succeeded', undefined, detailOf(lastIssued, 'the certificate was issued', false));
      }
    },
  };
}

type Tell = (event: WindowsEvent, code: LogCode, platform: Platform | undefined, detail: string) => void;

function endOf({ begun, ended, alsoEnded, installed, lastBegun, lastReported }: Tally, tell: Tell): void {
  if (installed === 0 && lastReported !== undefined) {
    tell(lastReported, 'log-enrolment-succeeded', 'windows', withUrl('the certificate was installed', lastReported));
  }
  const open = begun - Math.max(ended, alsoEnded);
  if (open <= 0 || lastBegun === undefined || (installed === 0 && lastReported !== undefined)) return;
  const many = begun === 1 ? 'the request was generated' : `${begun} requests were generated, ${open} of them`;
  const rest = begun === 1 ? ', and nothing here says how it ended' : ' without an end here';
  tell(lastBegun, 'log-enrolment-incomplete', 'windows', withUrl(`${many}${rest} (events 39 or 32)`, lastBegun));
}

function count(tally: Tally, family: Family, seen: Seen): void {
  if (family === 'cert-enroll') {
    if (seen.id === 87) tally.alsoEnded++;
    return;
  }
  if (seen.id === 36) {
    tally.begun++;
    tally.lastBegun = kept(seen.event);
  }
  if (seen.id === 39) tally.installed++;
  if (seen.id === 39 || seen.id === 32) tally.ended++;
  if (seen.id === 309 && !hasFailed(seen)) tally.lastReported = kept(seen.event);
}

/** An event without the memory of the lines that it was cut from, for as long as the log goes on. */
function kept(event: WindowsEvent): WindowsEvent {
  return { ...event, message: detached(event.message.slice(0, 2_000)), text: detached(evidenceText(event.text)) };
}

function recognised(event: WindowsEvent): { readonly family: Family; readonly seen: Seen } | undefined {
  const named = familyByName(event);
  // Most events of an export are somebody else's.
  if (named === undefined && event.provider !== '') return undefined;
  const text = squeezed(event.message);
  const described = event.id === undefined ? DESCRIPTIONS.find(([says]) => text.includes(says)) : undefined;
  const id = event.id ?? described?.[2];
  const family = described?.[1] ?? named ?? familyByMessage(text);
  if (id === undefined || family === undefined) return undefined;
  const seen: Seen = {
    event,
    id,
    squeezed: text,
    errors: errorCodesIn(event.message),
    says: (...literals) => literals.some((literal) => text.includes(literal)),
  };
  return { family, seen };
}

function familyByName({ provider, channel }: WindowsEvent): Family | undefined {
  // `WAS` is part of too many words to be searched for.
  const short = squeezed(provider.slice(0, 200));
  const names = `${short} ${squeezed(channel.slice(0, 200))}`;
  return FAMILIES.find((rule) => rule.names.some((name) => (name.length > 3 ? names.includes(name) : short === name)))?.family;
}

function familyByMessage(text: string): Family | undefined {
  return FAMILIES.find(({ says }) => says.some((literal) => text.includes(literal)))?.family;
}

function ruleCode(rule: EventRule, seen: Seen): LogCode | undefined {
  if (rule.ids?.includes(seen.id) === false || rule.when?.(seen) === false) return undefined;
  return typeof rule.code === 'string' ? rule.code : rule.code(seen);
}

/** By its error code, or by a result in words that is not that of a success. */
function hasFailed({ errors, says }: Seen): boolean {
  return errors.length > 0 || (says('result:(') && !says('0x2ab0003', ...SUCCESS_WORDS));
}

function hasCode({ errors }: Seen, code: string): boolean {
  return errors.some((error) => error.code === code);
}

function mentions({ errors }: Seen, codes: ReadonlySet<string>): boolean {
  return errors.some(({ code }) => codes.has(code));
}

function isOutOfDates(seen: Seen): boolean {
  return mentions(seen, OUT_OF_DATES);
}

function isPolicyModule(seen: Seen): boolean {
  return seen.says('ndespolicy', 'ndescertthumbprint');
}

/** The process that checked the certificate is one of these, or is not told. */
function checkedBy({ squeezed: text }: Seen, processes: RegExp): boolean {
  const [, process] = /processname[:=]["']?([\w.-]{1,60})/.exec(text) ?? [];
  return process === undefined || processes.test(process);
}

function isScepPool({ squeezed: text }: Seen): boolean {
  const [, pool] = /(?:applicationpool|anwendungspool|apppoolid:|apppoolname:|pulaaplikacji)['"‘’“”„]?([\w.-]{1,60})/.exec(text) ?? [];
  return pool === undefined || SCEP_POOL.test(pool);
}

/** The code of the most telling error, or that the enrolment failed. */
function failureCode(seen: Seen): LogCode {
  return codeByError(seen) ?? 'log-enrolment-failed';
}

function initialisationCode(seen: Seen): LogCode {
  return codeByError(seen) ?? 'log-windows-cannot-reach-ndes';
}

function codeByError(seen: Seen): LogCode | undefined {
  for (const error of seen.errors) {
    const code = ERROR_CODES.get(error.code) ?? statusCode(httpStatusOf(errorValue(error)) ?? 0);
    if (code !== undefined) return code;
  }
  if (seen.says('hashvalueisnotcorrect', 'terminatedinarootcertificate')) return 'log-chain-not-trusted';
  return statusCode(httpStatusIn(seen.squeezed) ?? 0);
}

/** The status line that CertEnroll repeats. */
function httpStatusIn(text: string): number | undefined {
  const [, status] = /http\/[12](?:\.\d)?([2-5]\d\d)/.exec(text) ?? [];
  return status === undefined ? undefined : Number(status);
}

/** What an event tells of a request that a device made. */
function exchangeOf(family: Family, { id, squeezed: text, event }: Seen): ExchangeOfEvent | undefined {
  const device = deviceOf(event);
  const who = { platform: 'windows', ...(device === '' ? {} : { device }) } as const;
  if (family === 'device-management' && id === 36) return { ...who, operation: 'PKIOperation' };
  if (family !== 'cert-enroll' || (id !== 86 && id !== 87)) return undefined;
  const [, stage = ''] = /stage:(getcacaps|getcacert|pkioperation)/.exec(text) ?? [];
  const operation = operationIn(`operation=${stage}`) ?? (id === 87 ? 'PKIOperation' : 'other');
  const status = httpStatusIn(text);
  const [, took] = /method:(?:get|post)\((\d{1,7})ms\)/.exec(text) ?? [];
  return {
    ...who,
    operation,
    ...(status === undefined ? {} : { status }),
    ...(took === undefined ? {} : { tookMs: Number(took) }),
    text: evidenceText(event.text),
  };
}

interface ExchangeOfEvent {
  readonly platform: Platform;
  readonly operation: LogOperation;
  readonly device?: string;
  readonly status?: number;
  readonly tookMs?: number;
  readonly text?: string;
}

/** A name in angle brackets is a placeholder from a document. */
function deviceOf({ computer }: WindowsEvent): string {
  const name = computer.slice(0, 256).trim();
  return name.startsWith('<') ? '' : detached(name);
}

/** Whose events name the server that they are about; a link to a help page is none. */
const TELLS_URL: ReadonlySet<Family> = new Set(['device-management', 'cert-enroll', 'proxy-connector']);

function detailOf(seen: Seen, means: string, url: boolean): string {
  const errors = [...seen.errors, ...diagnosticOf(seen)].map(errorLine);
  return [url ? withUrl(means, seen.event) : means, ...errors].join('; ');
}

function withUrl(means: string, { message }: WindowsEvent): string {
  const [url] = /https?:\/\/[^\s'"()<>,]{1,300}/i.exec(message) ?? [];
  return url === undefined ? means : `${means} (${url})`;
}

/** The old connector numbers its own errors from 0x400 on. */
function diagnosticOf({ squeezed: text }: Seen): readonly ErrorCode[] {
  const [code] = /0x00000(?:40[0-9]|41[01])(?![0-9a-f])/.exec(text) ?? [];
  const known = code === undefined ? undefined : explainErrorCode(code);
  return known === undefined ? [] : [known];
}
