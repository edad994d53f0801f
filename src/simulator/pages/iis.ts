import type { Answer, Header } from '../reply.ts';
import { crlf, escapeHtml, windows1250 } from './text.ts';

/** The languages that custom pages come in here. Polish once in the code page of Windows and once in UTF-8. */
export type Language = 'english' | 'german' | 'polish' | 'polish-utf-8';

export type CustomStatus = 401 | 403 | 404 | 405 | 500 | 503;

interface Wording {
  readonly heading: string;
  readonly sentence: string;
}

const REASONS: Record<CustomStatus, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const ENGLISH: Record<CustomStatus, Wording> = {
  401: {
    heading: '401 - Unauthorized: Access is denied due to invalid credentials.',
    sentence: 'You do not have permission to view this directory or page using the credentials that you supplied.',
  },
  403: {
    heading: '403 - Forbidden: Access is denied.',
    sentence: 'You do not have permission to view this directory or page using the credentials that you supplied.',
  },
  404: {
    heading: '404 - File or directory not found.',
    sentence: 'The resource you are looking for might have been removed, had its name changed, or is temporarily unavailable.',
  },
  405: {
    heading: '405 - HTTP verb used to access this page is not allowed.',
    sentence: 'The page you are looking for cannot be displayed because an invalid method (HTTP verb) was used to attempt access.',
  },
  500: {
    heading: '500 - Internal server error.',
    sentence: 'There is a problem with the resource you are looking for, and it cannot be displayed.',
  },
  503: { heading: '503 - Service unavailable.', sentence: 'The service is temporarily unavailable.' },
};

const GERMAN: Record<CustomStatus, Wording> = {
  401: {
    heading: '401 - Nicht autorisiert: Zugriff aufgrund ungültiger Anmeldeinformationen verweigert.',
    sentence: 'Sie sind nicht berechtigt, dieses Verzeichnis oder diese Seite mit den angegebenen Anmeldeinformationen anzuzeigen.',
  },
  403: {
    heading: '403 - Verboten: Zugriff verweigert.',
    sentence: 'Sie sind nicht berechtigt, dieses Verzeichnis oder diese Seite mit den angegebenen Anmeldeinformationen anzuzeigen.',
  },
  404: {
    heading: '404 - Datei oder Verzeichnis wurde nicht gefunden.',
    sentence: 'Die gesuchte Ressource wurde möglicherweise entfernt oder umbenannt, oder sie ist vorübergehend nicht verfügbar.',
  },
  405: {
    heading: '405 - Das für den Zugriff auf diese Seite verwendete HTTP-Verb ist nicht zulässig.',
    sentence: 'Die gesuchte Seite kann nicht angezeigt werden, weil eine ungültige Methode (HTTP-Verb) verwendet wurde.',
  },
  500: {
    heading: '500 - Interner Serverfehler.',
    sentence: 'Mit der gesuchten Ressource ist ein Problem aufgetreten, und sie kann nicht angezeigt werden.',
  },
  503: { heading: '503 - Dienst nicht verfügbar.', sentence: 'Der Dienst ist vorübergehend nicht verfügbar.' },
};

const POLISH: Record<CustomStatus, Wording> = {
  401: {
    heading: '401 – Brak autoryzacji: odmowa dostępu z powodu nieprawidłowych poświadczeń.',
    sentence: 'Nie masz uprawnień do wyświetlania tego katalogu lub strony przy użyciu podanych poświadczeń.',
  },
  403: {
    heading: '403 – Zabronione: odmowa dostępu.',
    sentence: 'Nie masz uprawnień do wyświetlania tego katalogu lub strony przy użyciu podanych poświadczeń.',
  },
  404: {
    heading: '404 – Nie znaleziono pliku lub katalogu.',
    sentence: 'Szukany zasób mógł zostać usunięty, jego nazwa mogła zostać zmieniona lub jest tymczasowo niedostępny.',
  },
  405: {
    heading: '405 – Zlecenie HTTP użyte do uzyskania dostępu do tej strony jest niedozwolone.',
    sentence: 'Nie można wyświetlić szukanej strony, ponieważ użyto nieprawidłowej metody (zlecenia HTTP).',
  },
  500: {
    heading: '500 – Wewnętrzny błąd serwera.',
    sentence: 'Wystąpił problem z szukanym zasobem i nie można go wyświetlić.',
  },
  503: { heading: '503 – Usługa niedostępna.', sentence: 'Usługa jest tymczasowo niedostępna.' },
};

interface Localisation {
  readonly pages: Record<CustomStatus, Wording>;
  readonly banner: string;
  readonly charset: string;
  readonly encode: (text: string) => Buffer;
}

const LANGUAGES: Record<Language, Localisation> = {
  english: { pages: ENGLISH, banner: 'Server Error', charset: 'iso-8859-1', encode: (text) => Buffer.from(text, 'latin1') },
  german: { pages: GERMAN, banner: 'Serverfehler', charset: 'iso-8859-1', encode: (text) => Buffer.from(text, 'latin1') },
  polish: { pages: POLISH, banner: 'Błąd serwera', charset: 'windows-1250', encode: windows1250 },
  'polish-utf-8': { pages: POLISH, banner: 'Błąd serwera', charset: 'utf-8', encode: (text) => Buffer.from(text, 'utf8') },
};

const IIS_HEADERS: readonly Header[] = [
  ['Server', 'Microsoft-IIS/10.0'],
  ['X-Powered-By', 'ASP.NET'],
];

/** An answer of an IIS worker process. */
export function iisAnswer(
  status: number,
  reason: string,
  contentType: string | undefined,
  body: Buffer,
  more: readonly Header[] = [],
): Answer {
  const type: readonly Header[] = contentType === undefined ? [] : [['Content-Type', contentType]];
  return { kind: 'answer', origin: 'back-end', status, reason, headers: [...type, ...more, ...IIS_HEADERS], body };
}

/**
 * The page that IIS shows to remote clients: no sub-status. The English 403 page is 1,233 bytes long, as captured ones are.
 * The wording of the other languages is a translation, not a capture: nothing may depend on it.
 */
export function customErrorPage(status: CustomStatus, language: Language = 'english', more: readonly Header[] = []): Answer {
  const { pages, banner, charset, encode } = LANGUAGES[language];
  const { heading, sentence } = pages[status];
  const page = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=${charset}"/>
<title>${heading}</title>
<style type="text/css">
<!--
body{margin:0;font-size:.7em;font-family:Verdana, Arial, Helvetica, sans-serif;background:#EEEEEE;}
fieldset{padding:0 15px 10px 15px;}${' '}
h1{font-size:2.4em;margin:0;color:#FFF;}
h2{font-size:1.7em;margin:0;color:#CC0000;}${' '}
h3{font-size:1.2em;margin:10px 0 0 0;color:#000000;}${' '}
#header{width:96%;margin:0 0 0 0;padding:6px 2% 6px 2%;font-family:"trebuchet MS", Verdana, sans-serif;color:#FFF;
background-color:#555555;}
#content{margin:0 0 0 2%;position:relative;}
.content-container{background:#FFF;width:96%;margin-top:8px;padding:10px;position:relative;}
-->
</style>
</head>
<body>
<div id="header"><h1>${banner}</h1></div>
<div id="content">
 <div class="content-container"><fieldset>
  <h2>${heading}</h2>
  <h3>${sentence}</h3>
 </fieldset></div>
</div>
</body>
</html>
`;
  return iisAnswer(status, REASONS[status], 'text/html', encode(crlf(page)), more);
}

/** The 302 or 301 of IIS with its "Document Moved" page. */
export function redirectPage(status: 301 | 302 | 307, location: string): Answer {
  const page = `<head><title>Document Moved</title></head>
<body><h1>Object Moved</h1>This document may be found <a HREF="${escapeHtml(location)}">here</a></body>`;
  const reason = { 301: 'Moved Permanently', 302: 'Redirect', 307: 'Temporary Redirect' }[status];
  return iisAnswer(status, reason, 'text/html; charset=UTF-8', Buffer.from(page), [['Location', location]]);
}

/** What a new IIS shows at its root. */
export function welcomePage(): Answer {
  const page = `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1" />
<title>IIS Windows Server</title>
<style type="text/css">
<!--
body { color:#000000; background-color:#0072C6; margin:0; }
#container { margin-left:auto; margin-right:auto; text-align:center; }
a img { border:none; }
-->
</style>
</head>
<body>
<div id="container">
<a href="http://go.microsoft.com/fwlink/?linkid=66138&amp;clcid=0x409"><img src="iisstart.png" alt="IIS" width="960" height="600" /></a>
</div>
</body>
</html>`;
  return iisAnswer(200, 'OK', 'text/html', Buffer.from(crlf(page), 'latin1'), [
    ['Last-Modified', 'Tue, 14 Jan 2025 08:12:31 GMT'],
    ['Accept-Ranges', 'bytes'],
    ['ETag', '"6f2d1a0c5e66db1:0"'],
  ]);
}

/** ASP.NET's own error page: the application at `application` failed, or is not the one that should answer. */
export function aspNetErrorPage(application: string): Answer {
  const name = escapeHtml(application);
  const page = `<!DOCTYPE html>
<html>
    <head>
        <title>Runtime Error</title>
        <meta name="viewport" content="width=device-width" />
        <style>
         body {font-family:"Verdana";font-weight:normal;font-size: .7em;color:black;}
         h1 { font-family:"Verdana";font-weight:normal;font-size:18pt;color:red }
         h2 { font-family:"Verdana";font-weight:normal;font-size:14pt;color:maroon }
        </style>
    </head>
    <body bgcolor="white">
            <span><H1>Server Error in '${name}' Application.<hr width=100% size=1 color=silver></H1>
            <h2> <i>Runtime Error</i> </h2></span>
            <b> Description: </b>An application error occurred on the server. The current custom error settings for this
 application prevent the details of the application error from being viewed remotely.
    </body>
</html>
`;
  return iisAnswer(500, 'Internal Server Error', 'text/html; charset=utf-8', Buffer.from(crlf(page)), [
    ['Cache-Control', 'private'],
    ['X-AspNet-Version', '4.0.30319'],
  ]);
}
