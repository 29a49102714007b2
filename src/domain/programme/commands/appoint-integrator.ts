import { programme } from '../programme.js';

export const appointIntegrator = programme.command('AppointIntegrator', {
  summary: 'Appoint the contract under which a service integrator holds the towers together.',
  fields: { ...programme.events.IntegratorAppointed.fields },
  events: ['IntegratorAppointed'],

  decide: ({ data }, { integrator }) => (integrator?.contract === data.contract ? [] : [{ type: 'IntegratorAppointed', data }]),
});
