import { Command, InvalidArgumentError } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkReplica, checkReceived, checkLog, checkRebuild, DiffersError, type Sent } from './check.js';
import { Database, DatabaseLog } from './database.js';
import { Follower } from './follower.js';
import { randomOf, startServer, type Ending, type Server } from './server.js';
import { Commands, insist, note, post, write } from './writers.js';

const number = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
};
const options = new Command('crash')
  .description('Kills the server repeatedly during writes, and checks that its log holds every acknowledged command and nothing else.')
  .option('--rounds <n>', 'kills of a server', number, 20)
  .option(
    '--seed <n>',
    'repeats the moments of the kills and the commands of an earlier run; which of them meet depends on the machine',
    number,
    Date.now() % 1_000_000,
  )
  .option('--writers <n>', 'commands in flight at the same time, to each server', number, 64)
  .option('--store <store>', 'embedded, or kurrentdb: the server that LEDGER_KURRENTDB_URL names', 'embedded')
  .option('--nodes <n>', 'servers on the same KurrentDB: when one is killed, the others continue', number, 2)
  .option('--server-command <command>', 'starts that KurrentDB in the foreground, on durable data: it is killed as well')
  .option('--server-rounds <n>', 'kills of that KurrentDB', number, 3)
  .parse()
  .opts<{
    rounds: number;
    seed: number;
    writers: number;
    store: string;
    nodes: number;
    serverCommand?: string;
    serverRounds: number;
  }>();
const { rounds, seed, writers } = options;
const url = options.store === 'kurrentdb' ? process.env['LEDGER_KURRENTDB_URL'] : undefined;
if (options.store !== 'embedded' && url === undefined) {
  console.error('--store is embedded, or kurrentdb with LEDGER_KURRENTDB_URL.');
  process.exit(2);
}
const env = { LEDGER_STORE: options.store };
const moments = randomOf(seed);
const commands = new Commands(seed);

/** A server, its data folder, which outlives it, and a follower that resumes when it is back. */
interface Node {
  readonly dir: string;
  readonly follower: Follower;
  server: Server;
}
const nodes: Node[] = [];
const database = url !== undefined && options.serverCommand !== undefined ? new Database(url, options.serverCommand) : undefined;
const databaseLog = url === undefined ? undefined : new DatabaseLog(url);

const total = { sent: 0, acknowledged: 0, refused: 0, unanswered: 0, recorded: 0, later: 0 };
const later = databaseLog && (() => void total.later++);

const start = async (dir: string, follower: Follower): Promise<Server> => {
  const server = await startServer(dir, env);
  await follower.open(server.url);
  return server;
};
const sendAll = async (server: Server, sent: readonly Sent[]): Promise<void> => {
  for (const command of sent) await insist(server, command, later);
};

/** Sends unanswered commands again. @returns how many were already recorded */
const sendAgain = async (server: Server, unanswered: readonly Sent[]): Promise<number> => {
  const answers = await Promise.all(unanswered.map((sent) => insist(server, sent, later)));
  return answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true').length;
};

const SAMPLE = 25;
const repeatSome = async (server: Server, answered: readonly Sent[]): Promise<void> => {
  for (let i = 0; i < Math.min(SAMPLE, answered.length); i++) {
    const sent = answered[commands.pick(answered.length)]!;
    const { text: first } = sent.answer!;
    const answer = await post(server, sent);
    if (answer.status !== 201 || answer.headers['idempotency-replayed'] !== 'true')
      throw new DiffersError(`${sent.key} was acknowledged, but was not replayed when it was sent again: ${answer.status} ${answer.text}`);
    note(sent, answer);
    if (answer.text !== first) throw new DiffersError(`${sent.key} got another receipt:\n${first}\n${answer.text}`);
  }
};

/** The cursor at which this run began. */
let begin = '0';
const check = async (): Promise<string> => {
  const there = await databaseLog?.read();
  if (there) await Promise.all(nodes.map(({ server }) => checkReplica(server, there)));
  const log = await checkLog(nodes[0]!.server, commands.all, begin);
  let received = 0;
  for (const { follower } of nodes) received += await checkReceived(follower, log);
  return `log ${log.length} events, as acknowledged${there ? `, root ${there.root.slice(0, 12)} on all` : ''}; followers received ${received}`;
};

const SURVIVORS_CONTINUE_MS = 400;
const DATABASE_AWAY_MS = 1000;
/** A random time after the first answers, however slow the machine is. */
const moment = async (answers: () => number): Promise<void> => {
  while (answers() < writers) await sleep(2);
  await sleep(100 + Math.floor(moments() * 501));
};
const count = (sent: readonly Sent[]) => {
  const answered = sent.filter(({ answer }) => answer);
  const refused = sent.filter((s) => s.refused).length;
  const unanswered = sent.filter((s) => !s.answer && !s.refused);
  total.sent += sent.length;
  total.acknowledged += answered.length;
  total.refused += refused;
  total.unanswered += unanswered.length;
  return { answered, unanswered, summary: `sent ${sent.length}, acknowledged ${answered.length}, refused ${refused}` };
};

/**
 * Writers on every server until one is killed, and for some time longer on the others. Every second kill comes right at an answer, when
 * other commands of the same commit are recorded but not answered yet.
 */
const killServer = async (round: number): Promise<string> => {
  const victim = nodes[round % nodes.length]!;
  const others = nodes.filter((node) => node !== victim);
  await sendAll(nodes[0]!.server, commands.shared(round));
  const before = commands.all.length;
  let ending: Promise<Ending> | undefined;
  let atAnswer = false;
  let over = false;
  let answers = 0;
  const kill = () => {
    if (ending) return;
    ending = victim.server.kill();
    void sleep(SURVIVORS_CONTINUE_MS).then(() => (over = true));
  };
  const writing = nodes.map((node) =>
    write({
      ...{ commands, round, writers, server: node.server, ...(later && { later }) },
      killed: () => node === victim && ending !== undefined,
      over: () => (node === victim ? ending !== undefined : over),
      answered: ({ status }) => {
        answers++;
        if (node === victim && atAnswer && status === 201) kill();
      },
    }),
  );
  const timed = moment(() => answers).then(() => (round % 2 === 0 ? (atAnswer = true) : kill()));
  await Promise.all([...writing, timed]);
  const { code, signal } = await ending!;
  if (signal !== 'SIGKILL') throw new DiffersError(`The server ended on its own (${code ?? signal}).`);
  const { answered, unanswered, summary } = count(commands.all.slice(before));
  let recorded = others[0] ? await sendAgain(others[0].server, unanswered) : 0;
  victim.server = await start(victim.dir, victim.follower);
  if (!others[0]) recorded = await sendAgain(victim.server, unanswered);
  await repeatSome(victim.server, answered);
  total.recorded += recorded;
  return `${summary}, unanswered ${unanswered.length} of which recorded ${recorded}; ${await check()}`;
};

/** Writers on every server while their database is killed and started again. */
const killDatabase = async (round: number): Promise<string> => {
  await sendAll(nodes[0]!.server, commands.shared(round));
  const before = commands.all.length;
  const refusedBefore = total.later;
  let over = false;
  let back: number | undefined;
  const again: number[] = [];
  let answers = 0;
  let atAnswer: (() => void) | undefined;
  const writing = nodes.map((node, i) =>
    write({
      ...{ commands, round, writers, server: node.server, ...(later && { later }) },
      killed: () => false,
      over: () => over,
      answered: () => {
        answers++;
        atAnswer?.();
        if (back !== undefined) again[i] ??= performance.now() - back;
      },
    }),
  );
  const killing = async () => {
    await moment(() => answers);
    if (round % 2 === 0) await new Promise<void>((resolve) => (atAnswer = resolve));
    const gone = performance.now();
    await database!.kill();
    await sleep(moments() * DATABASE_AWAY_MS);
    await database!.start();
    back = performance.now();
    while (again.filter((ms) => ms !== undefined).length < nodes.length) await sleep(5);
    await sleep(SURVIVORS_CONTINUE_MS);
    over = true;
    return back - gone;
  };
  const [awayMs] = await Promise.all([killing(), ...writing]);
  const { answered, unanswered, summary } = count(commands.all.slice(before));
  if (unanswered.length > 0) throw new DiffersError(`${unanswered[0]!.key} was never answered.`);
  for (const { server } of nodes) await repeatSome(server, answered);
  return (
    `${summary}, ${total.later - refusedBefore} times 503; database away ${(awayMs / 1000).toFixed(1)} s, ` +
    `commands accepted again ${Math.max(...again).toFixed(0)} ms after; ${await check()}`
  );
};

console.log(`seed ${seed}, ${rounds} rounds, ${writers} writers${database ? `, ${options.serverRounds} rounds of the database` : ''}`);
try {
  await database?.start();
  begin = String((await databaseLog?.read())?.count ?? 0);
  for (let i = 0; i < (databaseLog ? options.nodes : 1); i++) {
    const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-crash-'));
    const follower = new Follower('contract-register');
    nodes.push({ dir, follower, server: await start(dir, follower) });
  }
  await sendAll(nodes[0]!.server, commands.world());
  for (let round = 1; round <= rounds; round++) console.log(`round ${String(round).padStart(2)}: ${await killServer(round)}`);
  for (let n = 1; database && n <= options.serverRounds; n++)
    console.log(`database ${String(n).padStart(2)}: ${await killDatabase(rounds + n)}`);
  console.log(
    `in all: sent ${total.sent}, acknowledged ${total.acknowledged}, refused ${total.refused}, ` +
      `unanswered ${total.unanswered} of which recorded ${total.recorded}; none lost, none recorded twice`,
  );
  for (const { follower, server } of nodes) {
    follower.close();
    await server.kill();
  }
  for (const { dir } of nodes) {
    await checkRebuild(dir, env, databaseLog ? 'replica.db' : 'ledger.db');
    await rm(dir, { recursive: true, force: true });
  }
  await database?.stop();
} catch (error) {
  console.error(error instanceof DiffersError ? `DIFFERS (seed ${seed}): ${error.message}` : error);
  console.error(`The folders are kept: ${nodes.map(({ dir }) => dir).join(' ')}`);
  process.exit(1);
}
