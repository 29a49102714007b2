import { contract } from '../contract.js';

export const publishAwardNotice = contract.command('PublishAwardNotice', {
  summary: 'Publish the notice of an award, and when its standstill ends.',
  fields: { ...contract.events.AwardNoticePublished.fields },
  events: ['AwardNoticePublished'],

  decide: ({ data }) => [{ type: 'AwardNoticePublished', data }],
});
