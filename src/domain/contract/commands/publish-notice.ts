import { contract } from '../contract.js';

export const publishNotice = contract.command('PublishNotice', {
  summary: 'Publish a notice of a contract of any kind but the award.',
  records: 'NoticePublished',
});
