import { contract } from '../contract.js';

export const publishAwardNotice = contract.command('PublishAwardNotice', {
  summary: 'Publish the notice of an award, and when its standstill ends.',
  records: 'AwardNoticePublished',
});
