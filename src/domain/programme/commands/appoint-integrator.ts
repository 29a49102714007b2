import { programme } from '../programme.js';

export const appointIntegrator = programme.command('AppointIntegrator', {
  summary: 'Appoint the contract under which a service integrator holds the towers together.',
  records: 'IntegratorAppointed',
  alreadySo: ({ data }, { integrator }) => integrator?.contract === data.contract,
});
