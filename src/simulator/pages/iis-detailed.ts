import type { Answer, Ask } from '../reply.ts';
import { iisAnswer } from './iis.ts';
import { crlf, escapeHtml } from './text.ts';

interface Detail {
  readonly reason: string;
  readonly sentence: string;
  readonly module: string;
  readonly notification: string;
  readonly handler: string;
  readonly errorCode: string;
  readonly cause: string;
}

const FILTERED = { reason: 'Not Found', module: 'RequestFilteringModule', notification: 'BeginRequest', errorCode: '0x00000000' };
const MSCEP = { module: 'IsapiModule', notification: 'ExecuteRequestHandler', handler: 'mscep' };

/** What IIS writes for each sub-status that matters here. Titles and sentences are those of IIS 10. */
const DETAILS = {
  '403.0': {
    ...MSCEP,
    reason: 'Forbidden',
    sentence: 'You do not have permission to view this directory or page.',
    errorCode: '0x00000000',
    cause: 'This is a generic 403 error and means the authenticated user is not authorized to view the page.',
  },
  '404.0': {
    reason: 'Not Found',
    sentence: 'The resource you are looking for has been removed, had its name changed, or is temporarily unavailable.',
    module: 'IIS Web Core',
    notification: 'MapRequestHandler',
    handler: 'StaticFile',
    errorCode: '0x80070002',
    cause: 'The directory or file specified does not exist on the Web server.',
  },
  '404.2': {
    ...MSCEP,
    reason: 'Not Found',
    sentence: 'The page you are requesting cannot be served because of the ISAPI and CGI Restriction list settings on the Web server.',
    errorCode: '0x800704ec',
    cause: 'No handler mapping for this request was found. A feature may have to be installed.',
  },
  '404.4': {
    reason: 'Not Found',
    sentence: 'The resource you are looking for does not have a handler associated with it.',
    module: 'IIS Web Core',
    notification: 'MapRequestHandler',
    handler: 'Not yet determined',
    errorCode: '0x8007007b',
    cause: 'The file extension for the requested URL does not have a handler configured to process the request on the Web server.',
  },
  '404.14': {
    ...FILTERED,
    sentence: 'The request filtering module is configured to deny a request where the request URL is too long.',
    handler: 'mscep',
    cause: 'Request filtering is configured on the Web server to deny the request because the URL is too long.',
  },
  '404.15': {
    ...FILTERED,
    sentence: 'The request filtering module is configured to deny a request where the query string is too long.',
    handler: 'mscep',
    cause: 'Request filtering is configured on the Web server to deny the request because the query string is too long.',
  },
  '404.17': {
    reason: 'Not Found',
    sentence: 'The requested content appears to be script and will not be served by the static file handler.',
    module: 'StaticFileModule',
    notification: 'ExecuteRequestHandler',
    handler: 'StaticFile',
    errorCode: '0x80070032',
    cause: 'The request matched a wildcard mime map. The request is mapped to the static file handler.',
  },
  '500.0': {
    ...MSCEP,
    reason: 'Internal Server Error',
    sentence: 'The page cannot be displayed because an internal server error has occurred.',
    errorCode: '0x80070542',
    cause: 'IIS received the request; however, an internal error occurred during the processing of the request.',
  },
  '500.19': {
    reason: 'Internal Server Error',
    sentence: 'The requested page cannot be accessed because the related configuration data for the page is invalid.',
    module: 'IIS Web Core',
    notification: 'BeginRequest',
    handler: 'Not yet determined',
    errorCode: '0x80070005',
    cause: 'The worker process is unable to read the applicationhost.config or web.config file.',
  },
} satisfies Record<string, Detail>;

export type SubStatus = keyof typeof DETAILS;

/**
 * The page that IIS shows to local clients, with the sub-status. An application proxy connector on the NDES server itself
 * is such a client, so this page can reach the internet.
 */
export function detailedErrorPage(subStatus: SubStatus, ask: Ask): Answer {
  const detail = DETAILS[subStatus];
  const requested = `${ask.scheme}://${ask.host}${ask.path}${ask.query === '' ? '' : `?${ask.query}`}`;
  const page = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">${' '}
<html xmlns="http://www.w3.org/1999/xhtml">${' '}
<head>${' '}
<title>IIS 10.0 Detailed Error - ${subStatus} - ${detail.reason}</title>${' '}
<style type="text/css">${' '}
<!--${' '}
body{margin:0;font-size:.7em;font-family:Verdana,Arial,Helvetica,sans-serif;}${' '}
h3{font-size:1.4em;margin:10px 0 0 0;color:#CC0000;}${' '}
h4{font-size:1.2em;margin:10px 0 5px 0;}${' '}
-->${' '}
</style>${' '}
</head>${' '}
<body>${' '}
<div id="content">${' '}
<div class="content-container">${' '}
  <h3>HTTP Error ${subStatus} - ${detail.reason}</h3>${' '}
  <h4>${detail.sentence}</h4>${' '}
</div>${' '}
<div class="content-container">${' '}
 <fieldset><h4>Most likely causes:</h4>${' '}
  <ul> \t<li>${detail.cause}</li> </ul>${' '}
 </fieldset>${' '}
</div>${' '}
<div class="content-container">${' '}
 <fieldset><h4>Detailed Error Information:</h4>${' '}
  <table border="0" cellpadding="0" cellspacing="0">${' '}
   <tr class="alt"><th>Module</th><td>&nbsp;&nbsp;&nbsp;${detail.module}</td></tr>${' '}
   <tr><th>Notification</th><td>&nbsp;&nbsp;&nbsp;${detail.notification}</td></tr>${' '}
   <tr class="alt"><th>Handler</th><td>&nbsp;&nbsp;&nbsp;${detail.handler}</td></tr>${' '}
   <tr><th>Error Code</th><td>&nbsp;&nbsp;&nbsp;${detail.errorCode}</td></tr>${' '}
   <tr class="alt"><th>Requested URL</th><td>&nbsp;&nbsp;&nbsp;${escapeHtml(requested)}</td></tr>${' '}
   <tr><th>Physical Path</th><td>&nbsp;&nbsp;&nbsp;C:\\Windows\\system32\\certsrv\\mscep\\mscep.dll</td></tr>${' '}
   <tr class="alt"><th>Logon Method</th><td>&nbsp;&nbsp;&nbsp;Anonymous</td></tr>${' '}
   <tr><th>Logon User</th><td>&nbsp;&nbsp;&nbsp;Anonymous</td></tr>${' '}
  </table>${' '}
 </fieldset>${' '}
</div>${' '}
</div>${' '}
</body>${' '}
</html>${' '}
`;
  const status = Number.parseInt(subStatus, 10);
  return iisAnswer(status, detail.reason, 'text/html; charset=utf-8', Buffer.from(crlf(page)), [['Cache-Control', 'private']]);
}
