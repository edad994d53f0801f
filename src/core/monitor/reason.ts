/** Why a status changed or an incident was told about; public, as operators read and route by it. */
export const REASONS = {
  'first-result': 'the first result of this target',
  'first-failure': 'a result that is worse than before; the next ones confirm it or not',
  'failure-not-confirmed': 'the failure was not seen again',
  'failures-reached': 'as many results in a row were bad as the policy asks for',
  'page-at-once': 'a verdict that needs no second look',
  'first-success': 'the first better result; the next ones confirm it or not',
  'failed-again': 'the recovery was not confirmed',
  'successes-reached': 'as many results in a row were better as the policy asks for',
  'verdict-changed': 'still failing, now for another reason',
  'severity-raised': 'the same verdict has become more urgent',
  'severity-lowered': 'the same verdict has become less urgent',
  'flapping-started': 'it changes between working and failing too often; messages are held back until it is steady',
  'flapping-ended': 'it has been steady for as long as the policy asks for',
  'maintenance-started': 'a maintenance window began',
  'maintenance-ended': 'the maintenance window is over',
  'failed-through-maintenance': 'it was failing when the maintenance window ended',
  'recovered-in-maintenance': 'it recovered within the maintenance window',
  'probe-blind': 'the network of the monitor itself was down, so nothing can be said',
  'probe-sees-again': 'the network of the monitor works again',
  'results-again': 'the first result after a time without any, in which people were shown unknown',
  'target-removed': 'the target is no longer configured',
} as const;

export type Reason = keyof typeof REASONS;

export const REASON_NAMES = Object.keys(REASONS) as readonly Reason[];
