import { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkLog, checkRebuild, Differs, type Receipt, type Sent } from './check.js';
import { randomOf, startServer, type Answer, type Server } from './server.js';

const options = new Command('crash')
  .description('Kills the server again and again while it is written to, and checks that its log holds what it acknowledged and no more.')
  .option('--rounds <n>', 'kills', '20')
  .option(
    '--seed <n>',
    'the moments of the kills and the nth command of an earlier run; what meets what is up to the machine',
    String(Date.now() % 1_000_000),
  )
  .option('--writers <n>', 'commands on their way at the same time', '64')
  .parse()
  .opts<{ rounds: string; seed: string; writers: string }>();
const [rounds, seed, writers] = [Number(options.rounds), Number(options.seed), Number(options.writers)];
const moments = randomOf(seed);
/** Begun anew for each command, so that the nth is the same however many the machine manages before a kill. */
let random = randomOf(seed);
const pick = (below: number) => Math.floor(random() * below);

const all: Sent[] = [];
let made = 0;
const TOWERS = 8;

const command = (path: string, body: object, contested = false): Sent => {
  const sent = { key: `key-${seed}-${++made}`, path, body: JSON.stringify(body), contested };
  all.push(sent);
  return sent;
};
const world = (): Sent[] => [
  command('/programmes/p/charter-programme', { title: 'Programme', authority: 'Authority', baseCurrency: 'GBP' }),
  ...Array.from({ length: TOWERS }, (_, i) => command(`/towers/t-${i}/plan-tower`, { programme: 'p', title: `Tower ${i}` })),
  command('/suppliers/s/register-supplier', { title: 'Supplier', form: 'company' }),
];
const award = (id: string) =>
  command(`/contracts/${id}/award-contract`, {
    programme: 'p',
    title: `Contract ${id}`,
    towers: [`t-${pick(TOWERS)}`],
    supplier: 's',
    value: { amount: `${1 + pick(999)}000000.00`, currency: 'GBP' },
  });

/** Contracts of a round that many writers add to at the same time. */
const SHARED = 12;
const shared = (round: number, i: number) => `shared-${round}-${i}`;

/** A third goes to streams that others write to as well. */
const next = (round: number): Sent => {
  const id = `${round}-${made}`;
  random = randomOf(seed * 1_000_003 + made);
  const kind = random();
  if (kind < 0.17) return command(`/suppliers/s-${id}/register-supplier`, { title: `Supplier ${id}`, form: 'company' });
  if (kind < 0.34) return command(`/towers/t-${id}/plan-tower`, { programme: 'p', title: `Tower ${id}` });
  if (kind < 0.5)
    return command(`/contracts/c-${id}/plan-contract`, { programme: 'p', title: `Contract ${id}`, towers: [`t-${pick(TOWERS)}`] });
  if (kind < 0.66) return award(`c-${id}`);
  if (kind < 0.78) return command(`/contracts/${shared(round, pick(SHARED))}/annotate`, { note: `Note ${id}` });
  if (kind < 0.9) return command(`/contracts/${shared(round, pick(SHARED))}/record-delay`, { milestone: `Milestone ${id}`, to: '2031-05' });
  return command(`/suppliers/first-${round}-${pick(20)}/register-supplier`, { title: `Supplier ${id}`, form: 'company' }, true);
};

const post = (server: Server, { key, path, body }: Sent) => server.post(path, body, { 'idempotency-key': key, 'x-actor': 'crash' });

const note = (sent: Sent, { status, text }: Answer): void => {
  if (status === 201) sent.answer = { text, receipt: JSON.parse(text) as Receipt };
  else if (status === 409 && sent.contested) sent.refused = true;
  else throw new Differs(`${sent.key} ${sent.path} was answered ${status} ${text}`);
};
const tell = async (server: Server, commands: readonly Sent[]): Promise<void> => {
  for (const sent of commands) note(sent, await post(server, sent));
};

/**
 * Writers that go on until the server is gone. Every second time it is killed right at an answer, when others that share its commit are
 * recorded and not answered yet.
 * @returns what they sent
 */
const writeUntilKilled = async (server: Server, round: number): Promise<readonly Sent[]> => {
  const before = all.length;
  let ending: ReturnType<Server['kill']> | undefined;
  let atAnswer = false;
  const writer = async () => {
    while (!ending) {
      const sent = next(round);
      let answer: Answer;
      try {
        answer = await post(server, sent);
      } catch (error) {
        if (ending) return;
        throw new Differs(`The server was lost before it was killed: ${String(error)}`);
      }
      if (atAnswer && answer.status === 201) ending ??= server.kill();
      note(sent, answer);
    }
  };
  const writing = Promise.all(Array.from({ length: writers }, writer));
  const timed = sleep(100 + Math.floor(moments() * 501)).then(() => {
    if (round % 2 === 0) atAnswer = true;
    else ending = server.kill();
  });
  await Promise.all([writing, timed]);
  const { code, signal } = await ending!;
  if (signal !== 'SIGKILL') throw new Differs(`The server ended by itself (${code ?? signal}).`);
  return all.slice(before);
};

/** Sends what was not answered again. @returns how many had been recorded all the same */
const sendAgain = async (server: Server, unanswered: readonly Sent[]): Promise<number> => {
  let recorded = 0;
  await Promise.all(
    unanswered.map(async (sent) => {
      const answer = await post(server, sent);
      note(sent, answer);
      if (answer.headers['idempotency-replayed'] === 'true') recorded++;
    }),
  );
  return recorded;
};

const SAMPLE = 25;
const askAgain = async (server: Server, answered: readonly Sent[]): Promise<void> => {
  for (let i = 0; i < Math.min(SAMPLE, answered.length); i++) {
    const sent = answered[pick(answered.length)]!;
    const { status, headers, text } = await post(server, sent);
    if (status !== 201 || headers['idempotency-replayed'] !== 'true')
      throw new Differs(`${sent.key} was acknowledged, and sent again it was not replayed: ${status} ${text}`);
    if (text !== sent.answer!.text) throw new Differs(`${sent.key} got another receipt:\n${sent.answer!.text}\n${text}`);
  }
};

const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-crash-'));
console.log(`seed ${seed}, ${rounds} rounds, ${writers} writers, ${dir}`);
try {
  const total = { sent: 0, acknowledged: 0, refused: 0, unanswered: 0, recorded: 0 };
  for (let round = 1; round <= rounds; round++) {
    const server = await startServer(dir);
    if (round === 1) await tell(server, world());
    await tell(
      server,
      Array.from({ length: SHARED }, (_, i) => award(shared(round, i))),
    );
    const sent = await writeUntilKilled(server, round);
    const answered = sent.filter(({ answer }) => answer);
    const refused = sent.filter((s) => s.refused).length;
    const unanswered = sent.filter((s) => !s.answer && !s.refused);
    const again = await startServer(dir);
    const recorded = await sendAgain(again, unanswered);
    await askAgain(again, answered);
    const events = await checkLog(again, all);
    await again.kill();
    console.log(
      `round ${String(round).padStart(2)}: sent ${sent.length}, acknowledged ${answered.length}, refused ${refused}, ` +
        `unanswered ${unanswered.length} of which recorded ${recorded}; log ${events} events, as acknowledged`,
    );
    total.sent += sent.length;
    total.acknowledged += answered.length;
    total.refused += refused;
    total.unanswered += unanswered.length;
    total.recorded += recorded;
  }
  console.log(
    `in all: sent ${total.sent}, acknowledged ${total.acknowledged}, refused ${total.refused}, ` +
      `unanswered ${total.unanswered} of which recorded ${total.recorded}; none lost, none twice`,
  );
  await checkRebuild(dir);
  await rm(dir, { recursive: true, force: true });
} catch (error) {
  console.error(error instanceof Differs ? `DIFFERS (seed ${seed}): ${error.message}` : error);
  console.error(`The folder is left for a look: ${dir}`);
  process.exit(1);
}
