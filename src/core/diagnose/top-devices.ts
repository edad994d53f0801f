import { detached } from './formats/evidence-text.ts';
import type { FailingDevice } from './log-summary.ts';
import type { Platform } from './scep-exchange.ts';

/** So many devices are counted at once; whoever fails more often than one in so many failures is certainly among them. */
const COUNTERS = 64;

const NAME_LIMIT = 200;

interface Counter {
  readonly platform: Platform;
  failures: number;
  /** What the count took over from the device that had this counter before. */
  readonly atMost: number;
}

/** The devices with the most failures, by the space-saving algorithm of Metwally, Agrawal and El Abbadi (2005): memory does not grow with the number of devices. */
export interface DeviceTally {
  readonly add: (device: string, platform: Platform) => void;
  /** Most failures first. */
  readonly top: (most: number) => readonly FailingDevice[];
}

export function createDeviceTally(): DeviceTally {
  const counters = new Map<string, Counter>();
  return {
    add: (given, platform) => {
      const device = given.length > NAME_LIMIT ? given.slice(0, NAME_LIMIT) : given;
      const counter = counters.get(device);
      if (counter !== undefined) {
        counter.failures++;
        return;
      }
      const atMost = counters.size < COUNTERS ? 0 : removeLeast(counters);
      counters.set(detached(device), { platform, failures: atMost + 1, atMost });
    },
    top: (most) =>
      [...counters]
        .map(([device, counter]) => ({ device, ...counter }))
        .toSorted((a, b) => b.failures - a.failures || b.failures - b.atMost - (a.failures - a.atMost))
        .slice(0, most),
  };
}

/** Answers how many failures the removed one had. */
function removeLeast(counters: Map<string, Counter>): number {
  let least: string | undefined;
  let failures = Number.POSITIVE_INFINITY;
  for (const [device, counter] of counters) {
    if (counter.failures < failures) {
      failures = counter.failures;
      least = device;
    }
  }
  if (least !== undefined) counters.delete(least);
  return failures;
}
