import { certainlyBefore } from '../../../kernel/index.js';
import { loss } from '../loss.js';

export const raiseLoss = loss.command('RaiseLoss', {
  summary: 'Raise a loss or a claim to a special payment: one cause, who bears it, what it comes to.',
  records: 'LossRaised',
  rules: {
    'loss/dated-ahead': {
      says: 'A loss occurred, and was seen, on the day on which it is raised or earlier.',
      field: ({ data: { identifiedOn }, today }) =>
        identifiedOn && certainlyBefore(today, identifiedOn) ? '/identifiedOn' : '/occurredOn',
      detail: ({ today }) => `Today is ${today}.`,
      holds: ({ data: { identifiedOn, occurredOn }, today }) =>
        ![identifiedOn, occurredOn].some((on) => on !== undefined && certainlyBefore(today, on)),
    },
  },
});
