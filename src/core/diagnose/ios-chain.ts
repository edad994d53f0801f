import { describedExchange } from './described-exchange.ts';
import { detached } from './formats/evidence-text.ts';
import type { LogFinding } from './log-finding.ts';
import type { ScepExchange } from './scep-exchange.ts';

/** More devices than this are only counted together. */
const DEVICES = 5_000;
const NAME_LIMIT = 200;

/** A device that asked for certificates so shortly before the log ends may still ask for capabilities. */
const IN_FLIGHT_MS = 60_000;

/** In so many requests chance plays no part any more. */
const MANY = 20;

interface Device {
  certificates: number;
  capabilities: number;
  readonly first: LogFinding;
  /** Epoch ms of the last GetCACert. */
  lastAt: number | undefined;
}

/** iOS asks for GetCACert and, when it trusts what it got, for GetCACaps. Who never does the second does not trust the first. */
export interface IosChain {
  readonly add: (exchange: ScepExchange, at: number | undefined) => void;
  /** `until` is where the log ends, in epoch ms. */
  readonly conclude: (until: number | undefined) => LogFinding | undefined;
}

export function createIosChain(): IosChain {
  const devices = new Map<string, Device>();
  let certificates = 0;
  let capabilities = 0;
  let overflowed = false;

  return {
    add: (exchange, at) => {
      const { operation, status, device = '' } = exchange;
      if (exchange.platform !== 'ios') return;
      const name = device.length > NAME_LIMIT ? device.slice(0, NAME_LIMIT) : device;
      if (operation === 'GetCACaps') {
        capabilities++;
        const known = devices.get(name);
        if (known !== undefined) known.capabilities++;
      } else if (operation === 'GetCACert' && (status === undefined || status === 200)) {
        certificates++;
        const known = devices.get(name);
        if (known !== undefined) {
          known.certificates++;
          known.lastAt = at ?? known.lastAt;
        } else if (devices.size < DEVICES) {
          devices.set(detached(name), { certificates: 1, capabilities: 0, first: findingOf(exchange, at), lastAt: at });
        } else overflowed = true;
      }
    },
    conclude: (until) => {
      const all = [...devices.values()];
      const stopped = all.filter((device) => device.capabilities === 0 && (device.certificates > 1 || !inFlight(device, until)));
      const [first] = stopped;
      if (capabilities === 0)
        return first === undefined ? undefined : { ...first.first, detail: `GetCACert ${counted(certificates)}, GetCACaps not once` };
      const [often] = stopped.filter((device) => device.certificates > 1);
      if (often !== undefined && !overflowed) {
        const many = stopped.filter((device) => device.certificates > 1).length;
        return {
          ...often.first,
          detail: `${many} of ${all.length} iOS devices asked for GetCACert again and again, and never for GetCACaps`,
        };
      }
      const [any] = all;
      if (any === undefined || certificates < MANY || capabilities * 2 >= certificates) return undefined;
      return {
        ...any.first,
        detail: `GetCACert ${counted(certificates)}, but GetCACaps only ${counted(capabilities)}: a part of the iOS devices stops there`,
      };
    },
  };
}

function inFlight({ lastAt }: Device, until: number | undefined): boolean {
  return lastAt !== undefined && until !== undefined && until - lastAt < IN_FLIGHT_MS;
}

function findingOf(exchange: ScepExchange, at: number | undefined): LogFinding {
  return describedExchange('log-ios-chain-not-trusted', exchange, at);
}

function counted(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}
