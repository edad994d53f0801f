import type { Layer } from './layer.ts';

/**
 * How a hop looks from outside: `ok` proven by this probe; `degraded` works but needs attention; `broken`; `unknown` could not be judged;
 * `unreached` lies behind the broken hop; `unseen` probably in the path but leaves no trace; `absent` not part of this path.
 */
export const HOP_STATES = ['ok', 'degraded', 'broken', 'unknown', 'unreached', 'unseen', 'absent'] as const;

export type HopState = (typeof HOP_STATES)[number];

export interface Hop {
  readonly layer: Layer;
  /** What people call the hop on this path; only some paths lead through application proxy. */
  readonly name: string;
  readonly state: HopState;
}
