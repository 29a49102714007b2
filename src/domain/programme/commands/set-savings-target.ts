import { programme } from '../programme.js';

export const setSavingsTarget = programme.command('SetSavingsTarget', {
  summary: 'Set what is to be saved: an amount, a percentage, or both.',
  records: 'SavingsTargetSet',
});
