import { certainlyBefore, reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const recordContract = contract.command('RecordContract', {
  summary: 'Bring in a contract that already exists, at the stage it has reached.',
  fields: { ...contract.events.ContractRecorded.fields },
  events: ['ContractRecorded'],
  refusals: {
    'contract/dates-out-of-order': 'Award, signature, start and end must follow one another.',
    'contract/tower-without-tower': 'A contract of a tower names the tower.',
  },

  decide({ data }) {
    const { role, towers = [], awardedOn, signedOn, startsOn, endsOn } = data;
    if (role === 'tower' && towers.length === 0)
      reject('contract/tower-without-tower', 'Name the tower it serves.', { pointer: '/towers' });
    const order = Object.entries({ awardedOn, signedOn, startsOn, endsOn }).flatMap(([field, on]) => (on ? [{ field, on }] : []));
    for (const [i, later] of order.entries())
      for (const earlier of order.slice(0, i))
        if (certainlyBefore(later.on, earlier.on) && !(earlier.field === 'signedOn' && later.field === 'startsOn'))
          reject('contract/dates-out-of-order', `${later.field} ${later.on} lies before ${earlier.field} ${earlier.on}.`, {
            pointer: `/${later.field}`,
          });

    return [{ type: 'ContractRecorded', data }];
  },
});
