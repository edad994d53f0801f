/** The hops of a request, in the order in which it passes them. */
export const LAYERS = ['probe', 'dns', 'tcp', 'tls', 'edge', 'connector', 'iis', 'ndes', 'policy-module', 'ca'] as const;

export type Layer = (typeof LAYERS)[number];

/** What people call each hop: short enough for a path picture. Without application proxy in the path, `edge` is whatever stands in front. */
export const LAYER_NAMES: Readonly<Record<Layer, string>> = {
  probe: 'probe',
  dns: 'DNS',
  tcp: 'TCP',
  tls: 'TLS',
  edge: 'app proxy',
  connector: 'connector',
  iis: 'IIS',
  ndes: 'NDES',
  'policy-module': 'policy module',
  ca: 'RA/CA',
};

/** The edge of a path that does not lead through application proxy: a WAF, a reverse proxy, or nothing. */
export const OTHER_EDGE_NAME = 'edge';
