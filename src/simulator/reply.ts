/** A header line as it goes out: spelling and order are kept. */
export type Header = readonly [name: string, value: string];

/**
 * Who speaks. The NDES server's own answers pass through the application proxy (when the simulator stands behind one)
 * and get its headers; the proxy's cloud part answers without a connector id; something outside has nothing of either.
 */
export type Origin = 'back-end' | 'proxy-connector' | 'proxy-cloud' | 'outside';

export interface Answer {
  readonly kind: 'answer';
  readonly origin: Origin;
  readonly status: number;
  readonly reason: string;
  /** Without Date and Content-Length, which the server adds. `Connection: close` makes it close afterwards. */
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

/** `reset`: the connection ends with a TCP RST. `hang`: not a byte comes back and the connection stays open. */
export type Reply = Answer | { readonly kind: 'reset' } | { readonly kind: 'hang' };

export const RESET: Reply = { kind: 'reset' };
export const HANG: Reply = { kind: 'hang' };

/** What the request line asks of NDES: its operation, or `base` for the bare URL. */
export type Operation = 'base' | 'ca-caps' | 'ca-cert' | 'pki-operation' | 'other';

/** Random identifiers of one made-up application proxy deployment, as they stand in its headers. */
export interface ProxyIdentity {
  readonly appId: string;
  readonly groupId: string;
  readonly tenantId: string;
  readonly connectorId: string;
}

/** A request, as far as an answer may depend on it. */
export interface Ask {
  readonly operation: Operation;
  /** As sent, percent-encoding included. */
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly proxy: ProxyIdentity;
}

export type Responder = (ask: Ask) => Reply;
