import type { Answer } from '../reply.ts';
import { crlf } from './text.ts';

/**
 * Answers that HTTP.sys, the kernel driver in front of IIS, gives by itself: no worker process has seen the request.
 * The missing space in the doctype and the exact lengths (346 bytes for "Request Too Long") are those of captured pages.
 */
function httpSysAnswer(status: number, reason: string, title: string, heading: string, sentence: string): Answer {
  const page = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">
<HTML><HEAD><TITLE>${title}</TITLE>
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>
<BODY><h2>${heading}</h2>
<hr><p>HTTP Error ${status}. ${sentence}</p>
</BODY></HTML>
`;
  return {
    kind: 'answer',
    origin: 'back-end',
    status,
    reason,
    headers: [
      ['Content-Type', 'text/html; charset=us-ascii'],
      ['Server', 'Microsoft-HTTPAPI/2.0'],
      ['Connection', 'close'],
    ],
    body: Buffer.from(crlf(page), 'ascii'),
  };
}

const badRequest = (heading: string, sentence: string) =>
  httpSysAnswer(400, 'Bad Request', 'Bad Request', `Bad Request - ${heading}`, sentence);

/** The application pool is stopped, or rapid-fail protection stopped it. */
export const serviceUnavailable = (): Answer =>
  httpSysAnswer(503, 'Service Unavailable', 'Service Unavailable', 'Service Unavailable', 'The service is unavailable.');

/** The URL is longer than MaxFieldLength or MaxRequestBytes (default 16,384 bytes). */
export const urlTooLong = (): Answer =>
  httpSysAnswer(414, 'URI Too Long', 'Request URL Too Long', 'Request URL Too Long', 'The request URL is too long.');

export const requestTooLong = (): Answer => badRequest('Request Too Long', 'The size of the request headers is too long.');
export const invalidHostname = (): Answer => badRequest('Invalid Hostname', 'The request hostname is invalid.');
export const invalidHeader = (): Answer => badRequest('Invalid Header', 'The request has an invalid header name.');
export const invalidUrl = (): Answer => badRequest('Invalid URL', 'The request URL is invalid.');
