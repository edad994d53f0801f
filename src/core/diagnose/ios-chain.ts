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
  /** Its first GetCACert. */
  first: LogFinding | undefined;
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
  const all: Device = { certificates: 0, capabilities: 0, first: undefined, lastAt: undefined };
  let overflowed = false;

  const deviceOf = (device: string): Device | undefined => {
    const name = device.length > NAME_LIMIT ? device.slice(0, NAME_LIMIT) : device;
    const known = devices.get(name);
    if (known !== undefined) return known;
    if (devices.size >= DEVICES) {
      overflowed = true;
      return undefined;
    }
    const added: Device = { certificates: 0, capabilities: 0, first: undefined, lastAt: undefined };
    devices.set(detached(name), added);
    return added;
  };

  return {
    add: (exchange, at) => {
      const { platform, operation, status, device = '' } = exchange;
      if (platform !== 'ios' || (operation !== 'GetCACaps' && operation !== 'GetCACert')) return;
      if (operation === 'GetCACert' && status !== undefined && status !== 200) return;
      for (const one of [all, deviceOf(device)]) if (one !== undefined) note(one, exchange, at);
    },
    conclude: (until) => {
      const known = [...devices.values()];
      return neverAsked(all, known, until) ?? (overflowed ? undefined : someNeverAsk(known)) ?? fewAsk(all);
    },
  };
}

function note(device: Device, exchange: ScepExchange, at: number | undefined): void {
  if (exchange.operation === 'GetCACaps') {
    device.capabilities++;
    return;
  }
  device.certificates++;
  device.first ??= describedExchange('log-ios-chain-not-trusted', exchange, at);
  device.lastAt = at ?? device.lastAt;
}

/** Not one device asked for capabilities. */
function neverAsked({ certificates, capabilities }: Device, known: readonly Device[], until: number | undefined): LogFinding | undefined {
  if (capabilities > 0) return undefined;
  const stopped = known.find((device) => device.certificates > 1 || (device.certificates > 0 && !inFlight(device, until)));
  return told(stopped, `GetCACert ${counted(certificates)}, GetCACaps not once`);
}

function someNeverAsk(known: readonly Device[]): LogFinding | undefined {
  const stopped = known.filter((device) => device.capabilities === 0 && device.certificates > 1);
  return told(stopped[0], `${stopped.length} of ${known.length} iOS devices asked for GetCACert again and again, and never for GetCACaps`);
}

/** Behind a connector all devices have one address, and only the numbers tell. */
function fewAsk(all: Device): LogFinding | undefined {
  const { certificates, capabilities } = all;
  if (certificates < MANY || capabilities * 2 >= certificates) return undefined;
  return told(
    all,
    `GetCACert ${counted(certificates)}, but GetCACaps only ${counted(capabilities)}: a part of the iOS devices stops there`,
  );
}

function told(device: Device | undefined, detail: string): LogFinding | undefined {
  return device?.first === undefined ? undefined : { ...device.first, detail };
}

function inFlight({ lastAt }: Device, until: number | undefined): boolean {
  return lastAt !== undefined && until !== undefined && until - lastAt < IN_FLIGHT_MS;
}

function counted(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}
