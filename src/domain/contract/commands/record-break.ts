import { contract } from '../contract.js';

export const recordBreak = contract.command('RecordBreak', {
  summary: 'Record that a break was exercised, or that the contract goes on beyond it.',
  records: 'BreakDecided',
});
