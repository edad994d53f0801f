import { describe, expect, it } from 'vitest';
import { targetId } from '../../../src/core/scep/target-id.ts';

const LONG = `https://${'a'.repeat(60)}.example.com/certsrv/mscep/mscep.dll`;

describe('an id made from a URL', () => {
  it.each([
    ['https://ndes1-contoso.msappproxy.net/certsrv/mscep/mscep.dll', 'ndes1-contoso-msappproxy-net'],
    ['https://NDES.example.com/CertSrv/mscep/mscep.dll', 'ndes-example-com'],
    ['http://127.0.0.1:8403/certsrv/mscep/mscep.dll', '127-0-0-1-8403'],
    ['http://[::1]/certsrv/mscep/mscep.dll', '1'],
    ['https://ndes.example.com/other/mscep.dll', 'ndes-example-com-other-mscep-dll'],
  ])('of %s is %s', (url, id) => {
    expect(targetId(url)).toBe(id);
  });

  it('is one that the configuration takes, and its own, however long the URL', () => {
    expect(targetId(LONG)).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
    expect(targetId(LONG)).not.toBe(targetId(LONG.replace('.com', '.net')));
  });
});
