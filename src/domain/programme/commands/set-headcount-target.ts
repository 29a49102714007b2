import { programme } from '../programme.js';

export const setHeadcountTarget = programme.command('SetHeadcountTarget', {
  summary: 'Set how many staff there are to be: a plan, not a transfer.',
  records: 'HeadcountTargetSet',
});
