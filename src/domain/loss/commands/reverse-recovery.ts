import { loss } from '../loss.js';

export const reverseRecovery = loss.command('ReverseRecovery', {
  summary: 'Take back a recovery: a cheque bounced, a liquidator reclaimed.',
  records: 'RecoveryReversed',
});
