import { reject } from '../../../kernel/index.js';
import { workforce } from '../workforce.js';

export const planTransfer = workforce.command('PlanTransfer', {
  summary: 'Plan that staff move to another employer.',
  fields: { ...workforce.events.TransferPlanned.fields },
  events: ['TransferPlanned'],
  refusals: {
    'workforce/another-programme': 'The workforce of a programme has the id of the programme.',
    'workforce/same-employer': 'A transfer goes from one employer to another.',
    'workforce/mixed-units': 'Posts, people and full-time equivalents are never mixed.',
    'workforce/duplicate': 'There is another plan under this id.',
  },

  decide({ id, data }) {
    if (data.programme !== id) reject('workforce/another-programme', `This is the workforce of ${id}.`, { pointer: '/programme' });

    return [{ type: 'TransferPlanned', data }];
  },
});
