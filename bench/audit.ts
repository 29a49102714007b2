import { aggregates } from '../src/domain/index.js';
import { Versions } from '../src/engine/audit/replays.js';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.js';
import { median, percentile } from './load.js';
import { fill } from './paired/fill.js';
import { cpuWithEnded } from './process.js';
import { caughtUp, DIST, got, randomOf, startServer, type Server } from './server.js';
import { LIFE } from './story.js';
import { fixed, table } from './table.js';

const PAGE = 1000;
const READ_MODEL_WITHIN_MS = 900_000;

/** Reads the log in pages and folds each event into its stream: what a replay cannot do without. */
const folded = async (store: SqliteStore): Promise<{ readonly events: number; readonly cpu: number }> => {
  const versions = new Versions(store, aggregates);
  const before = process.cpuUsage();
  let events = 0;
  for (let page = await store.readAll(undefined, PAGE); page.length > 0; page = await store.readAll(page.at(-1)!.position, PAGE)) {
    for (const event of page) versions.goOn([event]);
    events += page.length;
  }
  const { user, system } = process.cpuUsage(before);
  return { events, cpu: (user + system) / 1000 };
};

const timed = async (ask: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now();
  await ask();
  return performance.now() - begun;
};

interface Decided {
  readonly decision: string;
  readonly stream: string;
}
/** Decisions of contracts all over the log. */
const decisionsOf = async (server: Server, contracts: number, count: number): Promise<readonly Decided[]> => {
  const random = randomOf(7);
  const found: Decided[] = [];
  for (let n = 0; n < count; n++) {
    const contract = `f-${Math.floor(random() * contracts)}`;
    const { entries } = await got<{ readonly entries: readonly Decided[] }>(server.get(`/contracts/${contract}/history`));
    found.push(entries[Math.floor(random() * entries.length)]!);
  }
  return found;
};

/**
 * Dossiers beside plain reads of their streams, in turn, each of another decision; a replay of every decision beside folding the log.
 * Lists of decisions: the first page of some questions, and their totals.
 */
export const auditBesideReading = async (dir: string, events: number, rounds: number): Promise<string> => {
  const contracts = Math.ceil(events / LIFE);
  await fill({ name: 'this build', dist: DIST }, dir, { contracts });
  const server = await startServer(dir, {}, { readyWithinMs: READ_MODEL_WITHIN_MS });
  await caughtUp(server);
  const asked = await decisionsOf(server, contracts, Math.min(contracts, 40 * rounds));
  const forms = { dossier: '', 'as HTML': '?format=html', 'as Markdown': '?format=markdown' };
  const plain: number[] = [];
  const measured = new Map<string, number[]>(Object.keys(forms).map((form) => [form, []]));
  for (const { decision, stream } of asked) {
    plain.push(await timed(() => got(server.get(`/events?subject=${stream}&limit=500`))));
    for (const [form, query] of Object.entries(forms))
      measured.get(form)!.push(await timed(async () => (await server.get(`/decisions/${decision}${query}`)).text));
  }
  const byTime = (times: readonly number[]) => times.toSorted((a, b) => a - b);
  const row = (name: string, times: readonly number[]) => [
    name,
    fixed(median(times), 2),
    fixed(percentile(byTime(times), 99), 2),
    fixed(median(times) / median(plain), 2),
  ];
  const rows = [['read', 'p50 ms', 'p99 ms', '÷ plain read'], row('plain read of the stream', plain)];
  for (const [form, times] of measured) rows.push(row(form, times));
  const questions = [
    '?person=p-1',
    '?supplier=s-1&command=ApproveChange',
    '?status=corrected',
    '?office=nobody',
    '?person=p-1&totals=true',
  ];
  for (const question of questions) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await timed(() => got(server.get(`/decisions${question}`))));
    rows.push(row(`/decisions${question}`, times));
  }
  let summary = '';
  const before = cpuWithEnded(server.pid)!;
  const ms = await timed(async () => {
    const { text } = await server.post('/replays', '{"recordedFrom":"2000-01-01"}');
    summary = text.trimEnd().slice(text.trimEnd().lastIndexOf('\n') + 1);
  });
  const cpu = (cpuWithEnded(server.pid)! - before) / 1000;
  await server.stop();
  const { replayed } = (JSON.parse(summary) as { readonly summary: { readonly replayed: number } }).summary;
  const store = await SqliteStore.open({
    dir,
    timeZone: 'Europe/London',
    now: () => new Date().toISOString(),
    newId: () => crypto.randomUUID(),
  });
  const [once, twice] = [await folded(store), await folded(store)];
  await store.close();
  const perSecond = (count: number, in_: number) => (count / in_) * 1000;
  const fold = perSecond(2 * once.events, once.cpu + twice.cpu);
  const rate = perSecond(replayed, cpu);
  return (
    `${table(rows)}\n${once.events} events; ${asked.length} decisions all over the log, over HTTP on one connection.\n` +
    `replay, by CPU: ${fixed(rate, 0)} decisions/s over HTTP, folding ${fixed(fold, 0)} events/s, ratio ${fixed(rate / fold, 3)}; ` +
    `${fixed(perSecond(replayed, ms), 0)} decisions/s by the clock; ${summary}`
  );
};
