import type { CatalogEntry } from '../catalog-entry.ts';
import type { VerdictCode } from '../code.ts';
import { LOOK_INTO_IIS_LOG } from './fix-lists.ts';
import { LINKS } from './links.ts';

const CHECK_CNAME =
  'Compare `nslookup` of the host name with the CNAME on the Application proxy page of the app: the name is to lead to `msappproxy.net`, never to a fixed IP address.';

/** DNS, TCP and TLS: no HTTP answer arrived. */
export const NETWORK = {
  'dns-name-not-found': {
    layer: 'dns',
    severity: 'crit',
    title: 'The host name of the SCEP URL does not exist in DNS',
    meaning:
      'DNS answered that the name does not exist. No device can reach the SCEP server; a browser says that the page cannot be displayed.',
    causes: [
      {
        title: 'The external URL in the application proxy app is wrong, was changed, or the app was deleted',
        fixes: [
          'Compare the Server URL of the SCEP profile with External Url in Microsoft Entra admin center > Enterprise apps > the app > Application proxy.',
          'Use the default domain, `https://<app>-<yourtenant>.msappproxy.net`, as external URL and put it into the SCEP profile.',
        ],
      },
      {
        title: 'The CNAME of a custom domain is missing or wrong',
        fixes: [
          'Create a CNAME from the custom name to the `msappproxy.net` name shown on the Application proxy page; do not use an A record.',
          'Verify the custom domain in Microsoft Entra ID and upload its certificate as PFX if this was never finished.',
        ],
      },
      {
        title: 'The probe target is misspelt',
        fixes: ['Copy the Server URL from the SCEP profile in the Microsoft Intune admin center into the target again.'],
      },
    ],
    links: [LINKS.pageNotDisplayed, LINKS.customDomain, LINKS.protectNdes],
    alsoKnownAs: [
      "This page can't be displayed",
      "Can't reach this page",
      "This site can't be reached",
      'A server with the specified host name could not be found',
      'NXDOMAIN',
      'ENOTFOUND',
      '0x80072EE7',
    ],
  },
  'dns-lookup-failed': {
    layer: 'probe',
    severity: 'unknown',
    title: 'The DNS lookup on the probe side failed, so the server could not be judged',
    meaning:
      'The resolver of the probe did not answer or answered with an error. This says nothing about devices until a second vantage sees it too.',
    causes: [
      {
        title: 'The resolver that the probe uses is down, overloaded or blocked',
        fixes: [
          'Probe the same URL from a second vantage, for example with `scepwatch probe` on another network.',
          'Check the DNS settings of the machine or virtual network on which the probe runs.',
        ],
      },
      {
        title: 'The name servers of a custom domain fail',
        fixes: ['Query the authoritative name servers of the domain directly with `nslookup` and look for SERVFAIL or a timeout.'],
      },
    ],
    links: [LINKS.customDomain],
    alsoKnownAs: ['EAI_AGAIN', 'ETIMEOUT', 'SERVFAIL', 'DNS timeout'],
  },
  'probe-network-down': {
    layer: 'probe',
    severity: 'unknown',
    title: "The monitor's own network is down, so nothing could be judged",
    meaning:
      'In one cycle every target failed before a connection stood, and so did the control URLs. The trouble is where the monitor runs; what devices see is not known.',
    causes: [
      {
        title: 'The network in which the monitor runs has no way out, or its DNS resolver does not answer',
        fixes: [
          'Open one of the `controlUrls` of the configuration from the machine or virtual network on which the monitor runs.',
          'With virtual network integration, check the route table, the NAT gateway, the firewall and the DNS servers of the subnet.',
          'Probe one of the targets from another network with `scepwatch probe` to learn what devices see meanwhile.',
        ],
      },
      {
        title: 'The control URLs are blocked where the monitor runs, and all targets really are unreachable',
        fixes: ['Set `controlUrls` to addresses that the monitor may reach; an empty list switches this check off.'],
      },
    ],
    links: [
      {
        title: 'Azure Functions networking options',
        url: 'https://learn.microsoft.com/azure/azure-functions/functions-networking-options',
      },
    ],
    alsoKnownAs: ['own network', 'no internet connection'],
  },
  'tcp-refused': {
    layer: 'tcp',
    severity: 'crit',
    title: 'The address of the SCEP server refuses connections or cannot be routed',
    meaning:
      'DNS gave an address, but nothing there accepts a connection. A healthy `msappproxy.net` host never does this, so devices are probably sent to a wrong address.',
    causes: [
      {
        title: 'DNS points to the wrong host, or split-brain DNS gives an inside address to outside clients',
        fixes: [
          CHECK_CNAME,
          'Resolve the name inside and outside the network and remove the record that leads to a private or retired address.',
        ],
      },
      {
        title: 'A server published without application proxy is down or its port is closed',
        fixes: [
          'Check on the server that IIS runs and has an https binding on the probed port.',
          'Check that the firewall or reverse proxy in front forwards TCP 443 to the NDES server.',
        ],
      },
      {
        title: 'The network of the probe blocks the way out',
        fixes: ['Probe from a second vantage before changing anything on the server side.'],
      },
    ],
    links: [LINKS.customDomain, LINKS.publishApp],
    alsoKnownAs: ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', "This page can't be displayed", '0x80072EFD'],
  },
  'tcp-timeout': {
    layer: 'tcp',
    severity: 'crit',
    title: 'The connection to the SCEP server timed out',
    meaning: 'The name resolves, but no TCP connection came about within the limit. Devices that take the same way cannot enrol.',
    causes: [
      {
        title: 'DNS gives a wrong or old address',
        fixes: [CHECK_CNAME],
      },
      {
        title: 'A firewall drops the connection',
        fixes: [
          'Probe from a second vantage to learn on which side of the network the packets are dropped.',
          'Allow TCP 443 from the internet to the published address in the firewall in front of it.',
          LOOK_INTO_IIS_LOG,
        ],
      },
    ],
    links: [LINKS.iisLogs, LINKS.customDomain],
    alsoKnownAs: ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', "This page can't be displayed", '0x80072EE2'],
  },
  'tls-certificate-expired': {
    layer: 'tls',
    severity: 'crit',
    title: 'The TLS certificate of the SCEP URL has expired',
    meaning: 'The server presents a certificate whose end date has passed. Devices refuse the connection before they send a SCEP request.',
    causes: [
      {
        title: 'The certificate of the custom domain was not renewed in application proxy',
        fixes: [
          'Upload the new certificate as PFX on the Application proxy page of the app, under Certificate.',
          'Upload it on the page of every other app of that domain too: existing apps do not take over a renewed certificate by themselves.',
        ],
      },
      {
        title: 'A reverse proxy or IIS that is published directly still binds the old certificate',
        fixes: [
          'Renew the certificate and select it in the https binding in IIS Manager > Default Web Site > Bindings, or on the reverse proxy.',
        ],
      },
    ],
    links: [LINKS.customDomain],
    alsoKnownAs: ['CERT_HAS_EXPIRED', 'NET::ERR_CERT_DATE_INVALID', '0x80072F05', '0x80072F8F', 'SSL certificate expired'],
  },
  'tls-name-mismatch': {
    layer: 'tls',
    severity: 'crit',
    title: 'The TLS certificate of the SCEP URL is for another name',
    meaning:
      'The certificate that the server presents does not cover the host name. Devices refuse the connection before they send a SCEP request.',
    causes: [
      {
        title: 'The custom domain has no matching certificate in application proxy',
        fixes: [
          'Upload a certificate that contains the host name as PFX on the Application proxy page of the app.',
          'Use the default `msappproxy.net` name in the SCEP profile until the certificate is there.',
        ],
      },
      {
        title: 'The host name leads to another server',
        fixes: [CHECK_CNAME],
      },
    ],
    links: [LINKS.customDomain, LINKS.pageNotDisplayed],
    alsoKnownAs: ['ERR_TLS_CERT_ALTNAME_INVALID', 'NET::ERR_CERT_COMMON_NAME_INVALID', '0x80072F06', '0x80072F8F'],
  },
  'tls-untrusted': {
    layer: 'tls',
    severity: 'crit',
    title: 'The TLS certificate chain of the SCEP URL is not trusted',
    meaning:
      'The chain does not end in a root that the probe trusts. Devices without that root refuse the connection before they send a SCEP request.',
    causes: [
      {
        title: 'An intermediate certificate is missing from the chain',
        fixes: [
          'Export the certificate with its intermediates as PFX and upload it on the Application proxy page of the app, or bind it in IIS.',
        ],
      },
      {
        title: 'The certificate comes from a private CA',
        fixes: [
          'Use a certificate from a public CA, because devices enrol before they know any private one.',
          'Configure the private root for this target if the devices do have it from a trusted certificate profile.',
        ],
      },
      {
        title: 'A proxy at the probe site inspects TLS',
        fixes: ['Look at the issuer in the evidence and exempt the probe from TLS inspection if it is an appliance of your own.'],
      },
    ],
    links: [LINKS.customDomain, LINKS.trustedRoot],
    alsoKnownAs: [
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'ERROR_WINHTTP_SECURE_FAILURE',
      '0x80072F0D',
      '0x80072F8F',
    ],
  },
  'connection-reset': {
    layer: 'tls',
    severity: 'crit',
    title: 'The connection was cut before an HTTP answer arrived',
    meaning:
      'The other side accepted the connection and closed it again, during TLS or while the answer was awaited. Devices see a failed connection.',
    causes: [
      {
        title: 'A custom domain has no certificate in application proxy',
        fixes: [
          'Check on the Application proxy page of the app that a valid certificate is shown under Certificate, and upload the PFX if not.',
          'Try the default `msappproxy.net` URL of the app: if that works, the custom domain is at fault.',
        ],
      },
      {
        title: 'A firewall, WAF or TLS inspection cuts the connection',
        fixes: [LOOK_INTO_IIS_LOG, 'Probe from a second vantage and allow the path `/certsrv/mscep/` on the device that cuts.'],
      },
      {
        title: 'The IIS worker process crashes while it answers',
        fixes: [
          'Look in Event Viewer > Windows Logs > Application for Event ID 1000 with `w3wp.exe`, and start the SCEP application pool in IIS Manager if it is stopped.',
        ],
      },
    ],
    links: [LINKS.customDomain, LINKS.error503, LINKS.iisLogs],
    alsoKnownAs: ['ECONNRESET', 'EPROTO', 'UND_ERR_SOCKET', 'socket hang up', "This page can't be displayed", '0x80072EFE'],
  },
  'client-timeout': {
    layer: 'edge',
    severity: 'crit',
    title: 'No answer within the time limit',
    meaning:
      'The connection was accepted, but the handshake or the answer did not come within the limit of the probe. Application proxy gives up by itself only after 85 seconds, so the hop that hangs may not be known yet.',
    causes: [
      {
        title: 'A hop behind the published address hangs',
        fixes: [
          'Probe once more with a limit of 95 seconds, so that the verdict of application proxy itself can arrive.',
          'Open the internal URL in a browser on the connector server and see whether it hangs there too.',
          LOOK_INTO_IIS_LOG,
        ],
      },
      {
        title: 'NDES waits for a revocation list, the CA or a domain controller',
        fixes: [
          'Recycle the SCEP application pool in IIS Manager.',
          'Retrieve the CRL addresses of the RA and CA certificates on the NDES server with `certutil -urlfetch -verify <file.cer>`.',
        ],
      },
    ],
    links: [LINKS.iisLogs, LINKS.debugApps],
    alsoKnownAs: ['AbortError', 'TimeoutError', 'UND_ERR_HEADERS_TIMEOUT', '0x80072EE2'],
  },
} satisfies Partial<Record<VerdictCode, CatalogEntry>>;
