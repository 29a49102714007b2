import Database from 'better-sqlite3';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Follower } from './follower.js';
import { caughtUp, got, startServer, type Server } from './server.js';

export interface Receipt {
  readonly decision: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly events: readonly { readonly id: string; readonly type: string }[];
}
/** A command and its answer. */
export interface Sent {
  readonly key: string;
  readonly path: string;
  readonly body: string;
  /** Other writers try to open the same stream: only one can. */
  readonly contested: boolean;
  answer?: { readonly text: string; readonly receipt: Receipt };
  refused?: boolean;
}
export interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly metadata: { readonly command: { readonly id: string } };
}

/** The log or a row is not as it must be. */
export class DiffersError extends Error {}

/** Reads the whole log after a cursor and compares it with every receipt. */
export const checkLog = async (server: Server, all: readonly Sent[], begin = '0'): Promise<readonly Recorded[]> => {
  await caughtUp(server);
  const byDecision = new Map<string, Recorded[]>();
  const heads = new Map<string, number>();
  const log: Recorded[] = [];
  for (let cursor: string | undefined = begin; cursor !== undefined;) {
    const page: { events: Recorded[]; next?: string } = await got(server.get(`/events?limit=500&cursor=${cursor}`));
    for (const event of page.events) {
      const expected = (heads.get(event.stream) ?? -1) + 1;
      if (event.revision !== expected)
        throw new DiffersError(`${event.stream} continues with revision ${event.revision}, not ${expected}.`);
      heads.set(event.stream, expected);
      byDecision.set(event.metadata.command.id, [...(byDecision.get(event.metadata.command.id) ?? []), event]);
      log.push(event);
    }
    cursor = page.next;
  }
  const known = new Set<string>();
  for (const { key, answer, refused } of all) {
    if (refused) continue;
    if (!answer) throw new DiffersError(`${key} was never answered.`);
    const { decision, stream, revision, position, events } = answer.receipt;
    if (known.has(decision)) throw new DiffersError(`Two commands got the decision ${decision}.`);
    known.add(decision);
    const found = byDecision.get(decision) ?? [];
    if (found.length === 0) throw new DiffersError(`${key} was acknowledged at position ${position} and is not in the log: ${answer.text}`);
    const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).join(' ');
    const last = found.at(-1)!;
    if (ids(found) !== ids(events) || last.stream !== stream || last.revision !== revision || last.position !== position)
      throw new DiffersError(`${key} is not recorded as acknowledged:\n${answer.text}\n${JSON.stringify(found)}`);
  }
  for (const [decision, [first]] of byDecision)
    if (!known.has(decision)) throw new DiffersError(`Nobody sent the decision ${decision}: ${JSON.stringify(first)}`);
  return log;
};

const PATIENCE_MS = 60_000;

/**
 * A follower of the contract register must have received every contract that began, in order: in a message of its own, in one that holds
 * the latest rows of several events, or by reading all rows again where a `reset` said that there were too many.
 */
export const checkReceived = async (follower: Follower, log: readonly Recorded[]): Promise<number> => {
  const begun = log.filter(({ type }) => type === 'ContractAwarded' || type === 'ContractPlanned');
  const places = new Map(log.map(({ position }, i) => [position, i]));
  const { received } = follower;
  const reached = () => places.get(received.at(-1)?.position ?? '') ?? -1;
  const last = begun.at(-1);
  const end = performance.now() + PATIENCE_MS;
  for (; last !== undefined && reached() < places.get(last.position)!; await sleep(20))
    if (performance.now() > end)
      throw new DiffersError(`A follower never received ${last.id}; the last position that it received is ${received.at(-1)?.position}.`);
  const shown = new Map<string, number>();
  let [before, readAgain] = [-1, -1];
  for (const { position, changes, reason } of received) {
    const place = places.get(position) ?? -1;
    // a node that is ready may still be some events behind, so that its follower receives what was there before this run
    if (place === -1 && before === -1) continue;
    if (place <= before || (reason !== undefined && reason !== 'too-many-rows'))
      throw new DiffersError(`A follower received ${position}${reason ? ` (${reason})` : ''} after ${log[before]?.position ?? 'nothing'}.`);
    before = place;
    if (changes === undefined) readAgain = place;
    for (const key in changes) shown.set(key, place);
  }
  for (const { id, position, stream } of begun) {
    const place = places.get(position)!;
    if (place > readAgain && (shown.get(stream.replace('-', ':')) ?? -1) < place)
      throw new DiffersError(`A follower never received ${id} at ${position}.`);
  }
  return received.length;
};

/** Waits until a node's replica is as long as the log and has the same root. */
export const checkReplica = async (server: Server, { count, root }: { readonly count: number; readonly root: string }): Promise<void> => {
  for (const end = performance.now() + PATIENCE_MS; ; await sleep(20)) {
    const { replica } = JSON.parse((await server.get('/readyz')).text) as {
      readonly replica: { readonly sequence: number; readonly root: string };
    };
    if (replica.sequence === count && replica.root === root) return;
    if (replica.sequence >= count || performance.now() > end)
      throw new DiffersError(
        `The replica has ${replica.sequence} events with the root ${replica.root}, and the database ${count} with ${root}.`,
      );
  }
};

/** Every page of every projection as of a position. */
const readRows = async (server: Server, names: readonly string[], position: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const rows = new Map<string, string[]>();
  for (const name of names) {
    const pages: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const path: string = `/projections/${name}?limit=500&position=${position}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const { status, text } = await server.get(path);
      if (status !== 200) throw new DiffersError(`${path}: ${status} ${text}`);
      pages.push(text);
      cursor = (JSON.parse(text) as { next?: string }).next;
    }
    rows.set(name, pages);
  }
  return rows;
};

/** Stops the server as an operator would, deletes the read model, starts the server again and compares all rows. */
export const checkRebuild = async (dir: string, env: Readonly<Record<string, string>> = {}, file = 'ledger.db'): Promise<void> => {
  const stop = async (server: Server) => {
    const { code, signal } = await server.stop();
    if (code !== 0) throw new DiffersError(`After SIGTERM the server ended with ${code ?? signal}, not 0.`);
  };
  const before = await startServer(dir, env);
  const { position, names } = await caughtUp(before);
  const kept = await readRows(before, names, position);
  await stop(before);
  for (const suffix of ['', '-wal', '-shm']) await rm(join(dir, `read-model.db${suffix}`), { force: true });
  const after = await startServer(dir, env);
  const { position: again } = await caughtUp(after);
  if (again !== position) throw new DiffersError(`The log ended at ${position} and now ends at ${again}.`);
  const made = await readRows(after, names, position);
  await stop(after);
  let bytes = 0;
  for (const [name, pages] of kept)
    for (const [i, page] of pages.entries()) {
      bytes += page.length;
      if (made.get(name)![i] !== page) throw new DiffersError(`Page ${i + 1} of ${name} differs after the read model was rebuilt.`);
    }
  const db = new Database(join(dir, file), { readonly: true });
  const sound = db.pragma('integrity_check', { simple: true });
  db.close();
  if (sound !== 'ok') throw new DiffersError(`SQLite finds ${file} damaged: ${String(sound)}`);
  console.log(`SIGTERM: exit 0. The read model, deleted and rebuilt: ${names.join(', ')} byte-identical (${bytes} bytes).`);
};
