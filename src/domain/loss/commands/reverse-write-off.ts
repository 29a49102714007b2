import { reject } from '../../../kernel/index.js';
import { loss } from '../loss.js';

export const reverseWriteOff = loss.command('ReverseWriteOff', {
  summary: 'Reverse a write-off, wholly or in part.',
  fields: { ...loss.events.WriteOffReversed.fields },
  events: ['WriteOffReversed'],
  refusals: {
    'loss/mixed-currencies': 'A loss has one currency.',
    'loss/not-written-off': 'Nothing of this loss is written off.',
    'loss/reversed-too-much': 'No more can be reversed than is written off.',
  },

  decide({ data }, { net }) {
    if (!net) reject('loss/not-written-off', 'Nothing is written off.');

    return [{ type: 'WriteOffReversed', data }];
  },
});
