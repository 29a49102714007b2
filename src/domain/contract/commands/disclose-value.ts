import { contract } from '../contract.js';

export const discloseValue = contract.command('DiscloseValue', {
  summary: 'Disclose the value of a contract that was undisclosed, withheld or unknown.',
  records: 'ValueDisclosed',
});
