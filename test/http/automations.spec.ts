import { afterAll, expect, it } from '@jest/globals';
import { Automations } from '../../src/engine/automation/automations.js';
import { accepted, award, closeRunning, partsOf, recordWorld, startServer, type Server } from './server.js';

afterAll(closeRunning);

const contracts = async (server: Server): Promise<void> => {
  await recordWorld(server);
  for (const id of ['a', 'b']) {
    await accepted(server.post(`/contracts/${id}/award-contract`, award));
    await accepted(server.post(`/contracts/${id}/sign-contract`, {}));
  }
};
const terminated = { ground: 'Insolvency', forces: [{ contract: 'b' }] };

it('a forced termination is a decision like any other: with its dossier, what caused it, and the counts for the operator', async () => {
  const server = await startServer();
  await contracts(server);
  const cause = await accepted(server.post('/contracts/a/terminate-contract', terminated));
  const { projector } = partsOf(server);
  await projector.reached(cause.position, 5000);
  while (await server.app.get(Automations).run());
  await projector.idle();
  const history = await server.get('/contracts/b/history');
  const { decision } = history.body.entries.at(-1);
  const dossier = await server.get(`/decisions/${decision}`);
  expect(dossier.body).toMatchObject({
    actor: { id: 'system', role: 'when-contract-terminated-then-terminate-forced' },
    asked: { ground: 'Forced by the termination of a', causedBy: 'a' },
    caused: { correlation: cause.decision, by: { decision: cause.decision, command: 'TerminateContract', stream: 'contract-a' } },
  });
  const { body: of } = await server.get(`/decisions/${cause.decision}`);
  expect(of.caused.causing).toEqual([expect.objectContaining({ decision, stream: 'contract-b' })]);
  const { text } = await server.get('/metrics');
  expect(text).toMatch(/^ledger_automations_run 1$/m);
  expect(text).toContain('ledger_automation_commands{automation="when-contract-terminated-then-terminate-forced",outcome="accepted"} 1');
});

it('a node whose automations are switched off issues nothing', async () => {
  const server = await startServer({ LEDGER_AUTOMATIONS: 'false' });
  expect(server.app.get<Automations | undefined>(Automations)).toBeUndefined();
  expect((await server.get('/metrics')).text).not.toContain('ledger_automation');
});
