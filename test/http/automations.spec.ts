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

it('a command of an automation that is refused stands among the refusals, once for its cause, after a restart too', async () => {
  const server = await startServer();
  await contracts(server);
  await accepted(server.post('/contracts/c/award-contract', award)); // never signed: it cannot be terminated
  const cause = await accepted(server.post('/contracts/a/terminate-contract', { ...terminated, forces: [{ contract: 'c' }] }));
  const refusals = async (of: Server) => (await of.get('/refusals?actor=system&totals=true')).body;
  const runAll = async (of: Server) => {
    await partsOf(of).projector.reached(cause.position, 5000);
    while (await of.app.get(Automations).run());
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await runAll(server);
  const { refusals: first } = await refusals(server);
  expect(first).toEqual([
    expect.objectContaining({
      status: 409,
      code: 'contract/stage',
      actor: 'system',
      role: 'when-contract-terminated-then-terminate-forced',
      command: 'TerminateContract',
      stream: 'contract-c',
      programme: 'met',
      causationId: cause.events[0].id,
      correlationId: expect.any(String),
      times: 1,
    }),
  ]);
  expect(first[0]).not.toHaveProperty('idempotencyKey');
  expect((await server.get('/refusals?actor=system&format=csv')).text).toContain(`,${cause.events[0].id}\r\n`);
  await server.close();
  const again = await startServer({ DATA_DIR: server.dir });
  await runAll(again);
  expect(await refusals(again)).toMatchObject({ refusals: first, totals: { refusals: 1 } });
}, 20_000);

it('a node whose automations are switched off issues nothing', async () => {
  const server = await startServer({ LEDGER_AUTOMATIONS: 'false' });
  expect(server.app.get<Automations | undefined>(Automations)).toBeUndefined();
  expect((await server.get('/metrics')).text).not.toContain('ledger_automation');
});
