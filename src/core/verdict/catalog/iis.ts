import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LOOK_INTO_IIS_LOG, OPEN_INTERNAL_URL, REINSTALL_NDES_ROLE } from './fix-lists.ts';
import { LINKS } from './links.ts';

const CHECK_INTERNAL_URL =
  'Check on the Application proxy page of the app that Internal Url names the NDES server and publishes the root `/`.';

const CHECK_SCEP_URL = 'Compare the path with the SCEP profile: it is to end in `/certsrv/mscep/mscep.dll`.';

/** IIS or HTTP.sys answered, and NDES never saw the request. */
export const IIS = {
  'iis-host-binding-mismatch': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS does not know the host name of the request (Invalid Hostname)',
    meaning: 'HTTP.sys found no site for the host name that the connector or proxy sent. No device can enrol.',
    causes: [
      {
        title: 'The binding of the Default Web Site has a host name that differs from the internal URL',
        fixes: [
          'Clear Host name in IIS Manager > Default Web Site > Bindings, or add a binding for the host name of the internal URL.',
          'Change Internal Url on the Application proxy page to the host name that is bound.',
        ],
      },
      {
        title: 'Application proxy passes on the external host name',
        fixes: ['Switch on Translate URLs in Headers in the settings of the app, so that IIS sees the internal host name.'],
      },
    ],
    links: [LINKS.iis400, LINKS.publishApp],
    alsoKnownAs: ['Bad Request - Invalid Hostname', 'HTTP Error 400. The request hostname is invalid.', '0x80190190'],
  },
  'iis-bad-request': {
    layer: 'iis',
    severity: 'crit',
    title: 'The server calls the SCEP request a bad request (HTTP 400)',
    meaning: 'An ordinary SCEP request gets HTTP 400. Devices get the same answer and cannot enrol.',
    causes: [
      {
        title: 'HTTP.sys refuses the request before IIS sees it',
        fixes: [
          'Read the reason in the newest `C:\\Windows\\System32\\LogFiles\\HTTPERR\\httperr*.log`; the IIS log does not have it.',
          'Set `MaxFieldLength` and `MaxRequestBytes` under `HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters` to decimal 65534 and restart the server, if the reason is a length.',
        ],
      },
      {
        title: 'A rewrite rule or the handler order in IIS spoils the request',
        fixes: [
          'Disable URL Rewrite rules for `/certsrv/mscep/` in IIS Manager and probe again.',
          'Check under Handler Mappings of the mscep application that `ISAPI-dll` is enabled and stands before `StaticFile`.',
        ],
      },
    ],
    links: [LINKS.iis400, LINKS.iisStatusCodes],
    alsoKnownAs: ['HTTP 400 Bad Request', '0x80190190'],
  },
  'iis-auth-required': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS asks for a sign-in (HTTP 401)',
    meaning: 'The SCEP URL wants credentials, which SCEP clients do not have. No device can enrol.',
    causes: [
      {
        title: 'Anonymous authentication is off for the mscep application',
        fixes: [
          'Enable Anonymous Authentication in IIS Manager > Default Web Site > CertSrv > mscep > Authentication, and disable the others.',
        ],
      },
      {
        title: 'The URL is that of the administration page',
        fixes: ['Replace `mscep_admin` by `mscep/mscep.dll` in the probe target and in the SCEP profile.', CHECK_SCEP_URL],
      },
    ],
    links: [LINKS.iisStatusCodes, LINKS.scepConfigure],
    alsoKnownAs: ['HTTP 401 Unauthorized', '401 - Unauthorized: Access is denied due to invalid credentials.', 'mscep_admin', '0x80190191'],
  },
  'iis-config-invalid': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS cannot read its configuration (HTTP 500.19)',
    meaning:
      'A configuration file on the NDES server is damaged or not readable, so IIS answers every request with 500.19. No device can enrol.',
    causes: [
      {
        title: 'A web.config file has an error or its access rights are wrong',
        fixes: [
          'Browse to the SCEP URL on the NDES server itself: the page names the file, the line and the error code.',
          'Give `IIS_IUSRS` and the NDES service account Read on the web.config file that it names.',
          'Undo the last change of the file, or install the IIS module that the named section belongs to.',
        ],
      },
    ],
    links: [LINKS.iis50019, LINKS.iisStatusCodes],
    alsoKnownAs: ['HTTP Error 500.19', 'web.config', 'configuration data for the page is invalid'],
  },
  'aspnet-application-error': {
    layer: 'iis',
    severity: 'crit',
    title: 'An ASP.NET application answers with an error, not NDES',
    meaning:
      'The page is the error page of an ASP.NET application; NDES is not one. The URL probably leads to another application, so devices fail.',
    causes: [
      {
        title: 'The internal URL or the path leads to another application',
        fixes: [CHECK_INTERNAL_URL, CHECK_SCEP_URL, OPEN_INTERNAL_URL],
      },
      {
        title: 'An ASP.NET module that is inherited from the Default Web Site fails',
        fixes: [
          'Read the ASP.NET event in Event Viewer > Windows Logs > Application on the NDES server and remove the failing module from the mscep application.',
        ],
      },
    ],
    links: [LINKS.iisStatusCodes, LINKS.publishApp],
    alsoKnownAs: ["Server Error in '/' Application", 'yellow screen of death', 'Runtime Error'],
  },
  'ndes-isapi-blocked': {
    layer: 'iis',
    severity: 'crit',
    title: 'IIS does not allow mscep.dll to run (HTTP 404.2, 404.4 or 404.17)',
    meaning: 'The path exists, but IIS refuses to execute the ISAPI extension of NDES or has no handler for it. No device can enrol.',
    causes: [
      {
        title: 'ISAPI and CGI Restrictions do not allow the extension',
        fixes: [
          'Set `%SystemRoot%\\System32\\certsrv\\mscep\\mscep.dll` to Allowed in IIS Manager > the server > ISAPI and CGI Restrictions.',
        ],
      },
      {
        title: 'The handler for ISAPI extensions is missing or disabled',
        fixes: [
          'Enable `ISAPI-dll` with the permission Execute under Handler Mappings of the mscep application.',
          'Install the role service ISAPI Extensions if the handler is not listed.',
        ],
      },
    ],
    links: [LINKS.iisStatusCodes],
    alsoKnownAs: ['HTTP Error 404.2', 'HTTP Error 404.4', 'HTTP Error 404.17', 'ISAPI or CGI restriction'],
  },
  'ndes-path-not-found': {
    layer: 'iis',
    severity: 'crit',
    title: 'There is no NDES at this path (HTTP 404)',
    meaning: 'A web server answers, but it has nothing at the SCEP path. No device can enrol.',
    causes: [
      {
        title: 'The path of the URL is wrong',
        fixes: [CHECK_SCEP_URL],
      },
      {
        title: 'The internal URL leads to another server or site',
        fixes: [CHECK_INTERNAL_URL, OPEN_INTERNAL_URL, LOOK_INTO_IIS_LOG],
      },
      {
        title: 'The NDES role or its virtual directory is missing',
        fixes: [
          'Check in IIS Manager > Default Web Site that `CertSrv/mscep` exists, and with `Get-WindowsFeature ADCS-Device-Enrollment` that the role is installed.',
          REINSTALL_NDES_ROLE,
        ],
      },
    ],
    links: [LINKS.testUrl, LINKS.iisStatusCodes, LINKS.scepConfigure],
    alsoKnownAs: ['HTTP 404 Not Found', '404 - File or directory not found.', 'HTTP Error 404.0', '0x80190194'],
  },
  'iis-default-page': {
    layer: 'iis',
    severity: 'crit',
    title: 'The SCEP URL shows the welcome page of IIS',
    meaning: 'The start page of IIS is right at the root of the host and wrong at the SCEP path. Devices cannot enrol through this URL.',
    causes: [
      {
        title: 'The path is missing from the URL or is lost on the way',
        fixes: [CHECK_SCEP_URL, CHECK_INTERNAL_URL, 'Remove rules on the reverse proxy that replace the path by `/`.'],
      },
    ],
    links: [LINKS.protectNdes, LINKS.testUrl],
    alsoKnownAs: ['IIS Windows Server', 'Internet Information Services'],
  },
  'unrelated-page': {
    layer: 'iis',
    severity: 'crit',
    title: 'The SCEP URL shows a page that has nothing to do with NDES',
    meaning: 'The bare URL answers 200 with an unknown page instead of the expected 403. Devices cannot enrol through this URL.',
    causes: [
      {
        title: 'Another site is published under this URL',
        fixes: [CHECK_INTERNAL_URL, OPEN_INTERNAL_URL, CHECK_SCEP_URL],
      },
      {
        title: 'Something in front answers by itself',
        fixes: ['Find the hop that wrote the page by its title and its `Server` header.', LOOK_INTO_IIS_LOG],
      },
    ],
    links: [LINKS.testUrl, LINKS.publishApp],
    alsoKnownAs: ['HTTP 200 instead of HTTP Error 403.0 - Forbidden'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
