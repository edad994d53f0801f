import { describe, expect, test } from 'vitest';
import { ANDROID_OMADM } from '../../../src/core/diagnose/formats/android-omadm.ts';
import { readLog, wrapped } from '../../support/device-logs.ts';

/** The log of the article, as it is pasted from there. */
const ARTICLE = `2018-02-27T05:16:08.2500000  VERB  Event  com.microsoft.omadm.platforms.android.certmgr.CertificateEnrollmentManager  18327    10  There are 1 requests
2018-02-27T05:16:08.2500000  VERB  Event  com.microsoft.omadm.platforms.android.certmgr.CertificateEnrollmentManager  18327    10  Trying to enroll certificate request: ModelName=AC_51bad41f-3854-4eb5-a2f2-0f7a94034ee8%2FLogicalName_39907e78_e61b_4730_b9fa_d44a53e4111c;Hash=1677525787
2018-02-27T05:16:09.5530000  VERB  Event  org.jscep.transport.UrlConnectionGetTransport  18327    10  Sending GetCACaps(ca) to https://<server>.msappproxy.net/certsrv/mscep/mscep.dll?operation=GetCACaps&message=ca
2018-02-27T05:16:14.6440000  VERB  Event  org.jscep.transport.UrlConnectionGetTransport  18327    10  Received '200 OK' when sending GetCACaps(ca) to https://<server>.msappproxy.net/certsrv/mscep/mscep.dll?operation=GetCACaps&message=ca
2018-02-27T05:16:21.8220000  VERB  Event  org.jscep.message.PkiMessageEncoder  18327     10 Encoding message: org.jscep.message.PkcsReq@2b06f45f[messageData=org.<server>.pkcs.PKCS10CertificationRequest@699b3cd,messageType=PKCS_REQ,senderNonce=Nonce [D447AE9955E624A56A09D64E2B3AE76E],transId=251E592A777C82996C7CF96F3AAADCF996FC31FF]
2018-02-27T05:16:21.8790000  VERB  Event  org.jscep.message.PkiMessageEncoder  18327     10  Signing pkiMessage using key belonging to [dn=CN=<uesrname>; serial=1]
2018-02-27T05:16:21.9580000  VERB  Event  org.jscep.transaction.EnrollmentTransaction  18327     10  Sending org.<server>.cms.CMSSignedData@ad57775
`;

const at = (time: string): number => Date.parse(`2018-02-27T${time}Z`);

function line(time: string, logger: string, message: string, thread = 10): string {
  return `2018-02-27T${time}0000\tVERB\tEvent\t${logger}\t18327\t${thread}\t${message}`;
}

const TRANSPORT = 'org.jscep.transport.UrlConnectionGetTransport';
const TRANSACTION = 'org.jscep.transaction.EnrollmentTransaction';
const MANAGER = 'com.microsoft.omadm.platforms.android.certmgr.CertificateEnrollmentManager';
const STATES = 'com.microsoft.omadm.platforms.android.certmgr.state.NativeScepCertInstallStateMachine';
const URL = 'https://ndes-contoso.msappproxy.net/certsrv/mscep/mscep.dll';

const caps = `GetCACaps(ca) to ${URL}?operation=GetCACaps&message=ca`;
const begin = line('05:16:08.250', MANAGER, 'Trying to enroll certificate request: ModelName=AC_1;Hash=1');
const sent = line('05:16:22.000', TRANSACTION, 'Sending org.spongycastle.cms.CMSSignedData@ad57775');
const certRep = (attributes: string): string =>
  line(
    '05:16:28.034',
    TRANSACTION,
    `Response: org.jscep.message.CertRep@3150777b[${attributes},recipientNonce=Nonce [1],messageType=CERT_REP]`,
  );
const moved = (time: string, from: string, to: string): string =>
  line(time, STATES, `SCEP cert 'ModelName=AC_1%2FLogicalName_2;Hash=1677525787' state changed from ${from} to ${to}`);

describe('the Android log of the article', () => {
  const told = readLog(ANDROID_OMADM, ARTICLE);

  test('is recognised', () => {
    expect(ANDROID_OMADM.recognise(ARTICLE.split('\n'))).toBeGreaterThan(0.9);
  });

  test('tells of GetCACaps with its status and how long it took', () => {
    expect(told.exchanges[0]).toEqual({
      file: 'device.log',
      line: 4,
      at: at('05:16:14.644'),
      platform: 'android',
      operation: 'GetCACaps',
      status: 200,
      tookMs: 5_091,
    });
  });

  test('tells of the certificate request that has no answer', () => {
    expect(told.exchanges).toHaveLength(2);
    expect(told.exchanges[1]).toMatchObject({ line: 7, operation: 'PKIOperation', platform: 'android' });
    expect(told.findings).toHaveLength(1);
    expect(told.findings[0]).toMatchObject({ code: 'log-enrolment-incomplete', line: 7, at: at('05:16:21.958') });
    expect(told.findings[0]?.detail).toContain('the certificate request was sent');
  });

  test('covers its whole time', () => {
    expect([told.seen[0], told.seen.at(-1)]).toEqual([at('05:16:08.250'), at('05:16:21.958')]);
    expect(told.unreadable).toEqual([]);
  });

  test.each([72, 80, 100, 132])('says the same when a mail has wrapped it at %i characters', (width) => {
    const wrong = readLog(ANDROID_OMADM, wrapped(ARTICLE, width));
    expect(wrong.exchanges.map(({ operation, status, tookMs }) => ({ operation, status, tookMs }))).toEqual(
      told.exchanges.map(({ operation, status, tookMs }) => ({ operation, status, tookMs })),
    );
    expect(wrong.codes).toEqual(told.codes);
  });

  test('says the same with tabs, with CRLF and indented', () => {
    const tabs = ARTICLE.replaceAll(/ {2,}/g, '\t').replaceAll('\n', '\r\n').replaceAll(/^2018/gm, '    2018');
    expect(readLog(ANDROID_OMADM, tabs).codes).toEqual(told.codes);
    expect(readLog(ANDROID_OMADM, tabs).exchanges).toHaveLength(2);
  });
});

describe('an Android log within a document', () => {
  test('ends at the empty line before the text around it', () => {
    const told = readLog(ANDROID_OMADM, `${ARTICLE}\nKey entries: Received '500 No' when sending ${caps}, UnknownHostException`);
    expect(told.codes).toEqual(['log-enrolment-incomplete']);
    expect(told.exchanges).toHaveLength(2);
  });
});

describe('an enrolment of Android', () => {
  test('succeeds, told once although the store tells it again', () => {
    const told = readLog(ANDROID_OMADM, [
      begin,
      sent,
      certRep('failInfo=<null>,pkiStatus=SUCCESS'),
      moved('05:16:28.244', 'CERT_ENROLLED', 'CERT_INSTALL_REQUESTED'),
      moved('05:18:44.982', 'CERT_INSTALL_REQUESTED', 'CERT_INSTALLING'),
      moved('05:18:45.346', 'CERT_INSTALLING', 'CERT_ACCESS_REQUESTED'),
      moved('05:20:15.352', 'CERT_ACCESS_REQUESTED', 'CERT_ACCESS_GRANTED'),
    ]);
    expect(told.codes).toEqual(['log-enrolment-succeeded']);
    expect(told.exchanges).toEqual([expect.objectContaining({ operation: 'PKIOperation', tookMs: 6_034 })]);
  });

  test('succeeds by its states alone where the log is not verbose', () => {
    expect(
      readLog(ANDROID_OMADM, [
        moved('05:18:45.346', 'CERT_INSTALLING', 'CERT_ACCESS_REQUESTED'),
        moved('05:20:15.352', 'CERT_ACCESS_REQUESTED', 'CERT_ACCESS_GRANTED'),
      ]).codes,
    ).toEqual(['log-enrolment-succeeded']);
  });

  test('stays incomplete where its certificate waits', () => {
    const told = readLog(ANDROID_OMADM, [moved('05:16:28.244', 'CERT_ENROLLED', 'CERT_INSTALL_REQUESTED')]);
    expect(told.codes).toEqual(['log-enrolment-incomplete']);
    expect(told.findings[0]?.detail).toContain('CERT_INSTALL_REQUESTED');
  });

  test('fails in the store', () => {
    expect(readLog(ANDROID_OMADM, [moved('05:16:28.244', 'CERT_INSTALLING', 'CERT_INSTALL_FAILED')]).codes).toEqual([
      'log-enrolment-failed',
    ]);
  });

  test.each([
    ['failInfo=badRequest,pkiStatus=FAILURE', 'badRequest (2)'],
    ['failInfo=badMessageCheck,pkiStatus=FAILURE', 'badMessageCheck (1)'],
    ['failInfo=badTime,pkiStatus=FAILURE', 'badTime (3)'],
    ['failInfo=0,pkiStatus=2', 'badAlg (0)'],
    ['failInfo=<null>,pkiStatus=FAILURE', 'pkiStatus FAILURE'],
  ])('fails with %s', (attributes, detail) => {
    const told = readLog(ANDROID_OMADM, [begin, sent, certRep(attributes)]);
    expect(told.codes).toEqual(['log-enrolment-failed']);
    expect(told.findings[0]?.detail).toContain(detail);
  });

  test('waits for an approval', () => {
    const told = readLog(ANDROID_OMADM, [begin, sent, certRep('failInfo=<null>,pkiStatus=PENDING')]);
    expect(told.codes).toEqual(['log-enrolment-incomplete']);
    expect(told.findings[0]?.detail).toContain('PENDING');
  });

  test.each([
    [500, 'ndes-internal-error'],
    [503, 'service-unavailable'],
    [404, 'ndes-path-not-found'],
    [401, 'iis-auth-required'],
    [502, 'log-enrolment-failed'],
  ])('meets HTTP %i and says it once', (status, code) => {
    const told = readLog(ANDROID_OMADM, [
      begin,
      line('05:16:09.000', TRANSPORT, `Sending ${caps}`),
      line('05:16:09.500', TRANSPORT, `Received '${status} Whatever' when sending ${caps}`),
      line('05:16:09.600', MANAGER, `Failed: org.jscep.client.ClientException: org.jscep.transport.TransportException: ${status} Whatever`),
      '\tat org.jscep.transport.UrlConnectionGetTransport.sendRequest(Unknown Source)',
    ]);
    expect(told.codes).toEqual([code]);
    expect(told.exchanges).toEqual([expect.objectContaining({ status, tookMs: 500, text: expect.stringContaining('Received') })]);
  });

  test.each([
    [414, 'long-url-blocked-414'],
    [404, 'long-url-blocked-404-15'],
    [400, 'long-url-blocked-400'],
  ])('with its request in the URL meets HTTP %i', (status, code) => {
    const request = `org.spongycastle.cms.CMSSignedData@1 to ${URL}?operation=PKIOperation&message=${'MIAGCSqGSIb3DQEH'.repeat(600)}`;
    const told = readLog(ANDROID_OMADM, [
      begin,
      sent,
      line('05:16:23.000', TRANSPORT, `Sending ${request}`),
      line('05:16:23.100', TRANSPORT, `Received '${status} x' when sending ${request}`),
    ]);
    expect(told.codes).toEqual([code]);
    expect(told.exchanges).toEqual([expect.objectContaining({ operation: 'PKIOperation', status })]);
  });

  test.each([
    ['java.net.UnknownHostException: Unable to resolve host "ndes-contoso.msappproxy.net"', 'dns-name-not-found'],
    ['javax.net.ssl.SSLHandshakeException: java.security.cert.CertPathValidatorException: Trust anchor not found', 'tls-untrusted'],
    ['java.security.cert.CertificateExpiredException: Certificate expired at Fri', 'tls-certificate-expired'],
    ['javax.net.ssl.SSLPeerUnverifiedException: Hostname ndes not verified', 'tls-name-mismatch'],
    ['java.net.ConnectException: failed to connect to ndes/10.0.0.1 (port 443)', 'log-enrolment-failed'],
    ['java.net.SocketTimeoutException: timeout', 'log-enrolment-failed'],
    ['org.jscep.transaction.TransactionException: whatever', 'log-enrolment-failed'],
  ])('ends with %s', (exception, code) => {
    const told = readLog(ANDROID_OMADM, [
      begin,
      line('05:16:09.000', TRANSPORT, `Sending ${caps}`),
      line('05:16:19.000', MANAGER, 'Certificate enrollment failed'),
      `org.jscep.client.ClientException: ${exception}`,
      '\tat org.jscep.client.Client.getCaCapabilities(Unknown Source)',
      `Caused by: ${exception}`,
    ]);
    expect(told.codes).toEqual([code]);
    expect(told.findings[0]).toMatchObject({ line: 3, platform: 'android' });
    expect(told.exchanges).toEqual([expect.objectContaining({ operation: 'GetCACaps', line: 2 })]);
  });

  test('is not concerned by exceptions of the rest of the app', () => {
    expect(
      readLog(ANDROID_OMADM, [
        line('05:16:09.000', 'com.microsoft.omadm.client.OMADMClient', 'java.net.UnknownHostException: manage.microsoft.com', 4),
        line('05:16:09.000', 'com.microsoft.omadm.client.OMADMClient', 'certificate pinning: java.io.IOException', 4),
      ]).codes,
    ).toEqual([]);
  });

  test('is told apart from others that go on at the same time', () => {
    const told = readLog(ANDROID_OMADM, [
      line('05:16:00.000', MANAGER, 'Trying to enroll certificate request: A', 1),
      line('05:16:00.100', MANAGER, 'Trying to enroll certificate request: B', 2),
      line('05:16:01.000', TRANSPORT, `Sending ${caps}`, 1),
      line('05:16:02.000', TRANSPORT, `Sending ${caps}`, 2),
      line('05:16:02.500', TRANSPORT, `Received '200 OK' when sending ${caps}`, 2),
      line('05:16:05.000', TRANSPORT, `Received '200 OK' when sending ${caps}`, 1),
      line('05:16:06.000', TRANSACTION, 'Response: org.jscep.message.CertRep@1[failInfo=<null>,pkiStatus=SUCCESS]', 2),
    ]);
    expect(told.exchanges.map(({ tookMs }) => tookMs)).toEqual([500, 4_000]);
    expect(told.codes).toEqual(['log-enrolment-succeeded', 'log-enrolment-incomplete']);
    expect(told.findings[1]).toMatchObject({ line: 1 });
  });

  test('began and never ended, told when the next begins', () => {
    expect(readLog(ANDROID_OMADM, [begin, begin, sent, certRep('failInfo=<null>,pkiStatus=SUCCESS')]).codes).toEqual([
      'log-enrolment-incomplete',
      'log-enrolment-succeeded',
    ]);
  });

  test('says which request was not answered', () => {
    const told = readLog(ANDROID_OMADM, [begin, line('05:16:09.000', TRANSPORT, `Sending ${caps}`)]);
    expect(told.findings).toEqual([
      expect.objectContaining({ code: 'log-enrolment-incomplete', detail: 'the enrolment began, but GetCACaps was not answered' }),
    ]);
    expect(told.exchanges).toEqual([expect.objectContaining({ operation: 'GetCACaps' })]);
  });

  test('may be told by a newer log with a zone and other columns', () => {
    const told = readLog(ANDROID_OMADM, [
      `2024-03-05T10:11:12.345Z INFO org.jscep.transport.UrlConnectionGetTransport 22156 00002 Sending ${caps}`,
      `2024-03-05T10:11:12.945Z INFO org.jscep.transport.UrlConnectionGetTransport 22156 00002 Received '200 OK' when sending ${caps}`,
    ]);
    expect(told.exchanges).toEqual([expect.objectContaining({ at: Date.parse('2024-03-05T10:11:12.945Z'), status: 200, tookMs: 600 })]);
  });
});

describe('hostile Android logs', () => {
  test('with megabytes in a line are read in time, and evidence stays short', () => {
    const long = `${line('05:16:09.000', TRANSPORT, 'Sending ')}${'sending'.repeat(150_000)}`;
    const started = performance.now();
    const told = readLog(ANDROID_OMADM, [begin, long, ...Array.from({ length: 50 }, () => 'Exception'.repeat(100_000))]);
    expect(performance.now() - started).toBeLessThan(1_000);
    for (const { text } of told.findings) expect(text.length).toBeLessThan(5_000);
  });

  test('with requests that never end keep a bounded number of them', () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => [
      line('05:16:00.000', MANAGER, `Trying to enroll certificate request: ${index}`, index),
      line('05:16:00.000', TRANSPORT, `Sending GetCACaps(${index}) to ${URL}?operation=GetCACaps&message=${index}`, index),
      line('05:16:00.000', STATES, `SCEP cert 'x${index}' state changed from CERT_ENROLLED to CERT_INSTALLING`, index),
    ]).flat();
    const told = readLog(ANDROID_OMADM, lines);
    expect(told.exchanges).toHaveLength(5_000);
    expect(told.findings.length).toBeLessThan(200);
  });

  test('with a date that no calendar has are told as unreadable', () => {
    expect(readLog(ANDROID_OMADM, [begin.replace('2018-02-27', '2018-13-41')]).unreadable).toEqual([1]);
  });
});
