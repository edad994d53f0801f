import type { HopState } from '../verdict/hop.ts';
import type { Severity } from '../verdict/severity.ts';

export type Ink = 'good' | 'bad' | 'caution' | 'unsure' | 'quiet' | 'strong';

/** Colours text, or leaves it alone where colour means nothing. */
export type Paint = (ink: Ink, text: string) => string;

export const plain: Paint = (_ink, text) => text;

export const SEVERITY_INK: Readonly<Record<Severity, Ink>> = { ok: 'good', info: 'good', warn: 'caution', crit: 'bad', unknown: 'unsure' };

/** Each state has a shape of its own, so that the picture says the same without colour. */
export const SEVERITY_MARK: Readonly<Record<Severity, string>> = { ok: '✓', info: '✓', warn: '!', crit: '✗', unknown: '?' };

export const HOP_INK: Readonly<Record<HopState, Ink>> = {
  ok: 'good',
  degraded: 'caution',
  broken: 'bad',
  unknown: 'unsure',
  unreached: 'quiet',
  unseen: 'quiet',
  absent: 'quiet',
};

export const HOP_MARK: Readonly<Record<HopState, string>> = {
  ok: '✓',
  degraded: '!',
  broken: '✗',
  unknown: '?',
  unreached: '·',
  unseen: '~',
  absent: '–',
};
