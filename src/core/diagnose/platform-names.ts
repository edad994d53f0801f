import type { Platform } from './scep-exchange.ts';

export const PLATFORM_NAMES: Readonly<Record<Platform, string>> = {
  android: 'Android',
  ios: 'iOS',
  macos: 'macOS',
  windows: 'Windows',
  'policy-module': 'policy module',
  probe: 'scepwatch',
  other: 'other',
};

/** Platforms whose requests are those of devices that enrol. */
export const DEVICE_PLATFORMS: readonly Platform[] = ['android', 'ios', 'macos', 'windows', 'other'];

/** The same without those that nobody knows. */
export const KNOWN_DEVICE_PLATFORMS: readonly Platform[] = ['android', 'ios', 'macos', 'windows'];
