import type { Dialect } from '../core/scep/dialect.ts';
import type { PlannedCheck } from './ports.ts';

export interface CheckOptions {
  readonly dialects: readonly Dialect[];
  readonly longUrl: boolean;
}

/** The checks of one cycle in the order of a device: the bare URL once, then each dialect's operations, the long URL last. */
export function planChecks({ dialects, longUrl }: CheckOptions): readonly PlannedCheck[] {
  const [first = 'android'] = dialects;
  const operations = dialects.flatMap((dialect) => [
    { operation: 'ca-caps', dialect } as const,
    { operation: 'ca-cert', dialect } as const,
  ]);
  // iOS sends its requests by GET whatever the server offers, so among several dialects it stands for all.
  const longDialect = dialects.includes('ios') ? 'ios' : first;
  return [
    { operation: 'base-url', dialect: first },
    ...operations,
    ...(longUrl ? [{ operation: 'long-url', dialect: longDialect } as const] : []),
  ];
}
