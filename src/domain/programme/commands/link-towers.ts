import { programme } from '../programme.js';

export const linkTowers = programme.command('LinkTowers', {
  summary: 'Record that a tower cannot be live before another one is.',
  records: 'TowersLinked',
  alreadySo: ({ data }, { links }) =>
    links.some(({ tower, needs, why }) => tower === data.tower && needs === data.needs && why === data.why),
});
