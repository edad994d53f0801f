import { NDES_PATH } from './operation-url.ts';

const MAX_LENGTH = 63;

/**
 * An id for a target of which only the URL is known. It follows from the URL alone, whatever stands beside it: history and incidents
 * hang on it, and must not pass to another server when a list is put in another order.
 */
export function targetId(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  const path = pathname.toLowerCase() === NDES_PATH ? '' : pathname;
  const id = [hostname, port, path]
    .map(slug)
    .filter((part) => part !== '')
    .join('-');
  if (id.length <= MAX_LENGTH && id !== '') return id;
  const mark = fingerprint(`${hostname}:${port}${path}`);
  return `${id.slice(0, MAX_LENGTH - mark.length - 1).replace(/-+$/, '')}-${mark}`.replace(/^-/, '');
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

/** FNV-1a, 32 bits: to tell long names apart, not to protect anything. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash.toString(36);
}
