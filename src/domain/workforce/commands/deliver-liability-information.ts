import { workforce } from '../workforce.js';

export const deliverLiabilityInformation = workforce.command('DeliverLiabilityInformation', {
  summary: 'Record that the old employer gave the new one the information on those who are to transfer.',
  records: 'LiabilityInformationDelivered',
});
