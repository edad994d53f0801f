import type { Answer } from '../reply.ts';
import { iisAnswer } from './iis.ts';
import { crlf } from './text.ts';

/** mscep.dll writes its pages as UTF-16LE although their META says UTF-8; whether a byte order mark stands first differs. */
export type NdesEncoding = 'utf-16le' | 'utf-16le-bom' | 'utf-8';

function encode(page: string, encoding: NdesEncoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(crlf(page), 'utf8');
  return Buffer.from(crlf(encoding === 'utf-16le-bom' ? `\ufeff${page}` : page), 'utf16le');
}

function ndesPage(content: string, encoding: NdesEncoding): Answer {
  const page = `<HTML>
<Head>
\t<Meta HTTP-Equiv="Content-Type" Content="text/html; charset=UTF-8">
\t<Title>Network Device Enrollment Service</Title>
</Head>
<Body BgColor=#FFFFFF Link=#0000FF VLink=#0000FF ALink=#0000FF><Font ID=locPageFont Face="Arial">
<Table Border=0 CellSpacing=0 CellPadding=4 Width=100% BgColor=#008080>
<TR>
\t<TD><Font Color=#FFFFFF><LocID ID=locMSCertSrv><Font Face="Arial" Size=-1>Network Device Enrollment Service</Font></LocID></Font></TD>
</TR>
</Table>
<P ID=locPageTitle> Network Device Enrollment Service allows you to obtain certificates for routers or other network devices using the Simple Certificate Enrollment Protocol (SCEP). </P>
${content}
<P> For more information see <A HREF=http://go.microsoft.com/fwlink/?LinkId=67852>Using Network Device Enrollment Service</A>. </P>
</Font>
</Body>
</HTML>
`;
  return iisAnswer(200, 'OK', 'text/html', encode(page, encoding));
}

/** What NDES answers to its bare URL while no policy module is loaded. */
export function generalPage(encoding: NdesEncoding, host: string): Answer {
  return ndesPage(
    `<P> This URL is used by network devices to submit certificate requests. </P>
<P> To obtain an enrollment challenge password, go to the admin URL. By default, the admin URL is <A HREF=http://${host}/CertSrv/mscep_admin>http://${host}/CertSrv/mscep_admin</A> </P>`,
    encoding,
  );
}

/** The page at mscep_admin: whoever sees it holds a password that enrols one certificate. The values are made up. */
export function adminPage(encoding: NdesEncoding): Answer {
  return ndesPage(
    `<P> To complete certificate enrollment for your network device you will need the following information: </P>
<P> The thumbprint (hash value) for the CA certificate is: <B> 0A1B2C3D 4E5F6071 8293A4B5 C6D7E8F9 </B> </P>
<P> The enrollment challenge password is: <B> 0123456789ABCDEF </B> </P>
<P> This password can be used only once and will expire within 60 minutes. </P>
<P> Each enrollment requires a new challenge password. You can refresh this web page to obtain a new challenge password. </P>`,
    encoding,
  );
}
