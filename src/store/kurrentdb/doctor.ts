import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { Connection, Endpoint } from './connection.js';
import { CallFailedError, DELETED, failureOf } from './errors.js';
import { TOMBSTONE, type Recorded } from './events.js';
import { nameOf } from './cluster-connection.js';
import { isMigrating } from './genesis.js';
import { Node } from './node.js';
import type { Reading } from './protocol.js';
import { boundOf, collect, endOf, scan } from './reading.js';
import { StreamNames } from './stream-names.js';

/** One step of the check of a server, and its result. */
export interface Finding {
  readonly step: 'DNS' | 'TCP' | 'TLS' | 'gossip' | 'authentication' | 'leader' | 'write' | 'read back' | 'ledger streams';
  readonly ok: boolean;
  readonly detail: string;
}

/** The server was not usable before the deadline. The finding names the step that failed. */
export class CannotOpenError extends Error {
  override readonly name = 'CannotOpenError';
  readonly code = 'cannot-open';

  constructor(readonly finding: Finding) {
    super(`KurrentDB cannot be opened; ${finding.step} failed: ${finding.detail}`);
  }
}

/** Milliseconds allowed for each step; in the last, which scans the whole log, between two answers. */
const STEP = 5_000;

/** The steps up to finding the leader; stops at the first that fails. Each step takes at most 5 s and ends when `over` aborts. */
export async function* reach(connection: Connection, over?: AbortSignal): AsyncGenerator<Finding, Node | undefined> {
  const { hosts, tls, cluster } = connection;
  const timely = <T>(work: Promise<T>): Promise<T> => inTime(work, AbortSignal.any([AbortSignal.timeout(STEP), ...(over ? [over] : [])]));
  const each = (work: (host: Endpoint) => Promise<string>) => onHosts(hosts, (host) => timely(work(host)));
  const made: Node[] = [];
  const nodeAt = (endpoint: Endpoint): Node => {
    made.push(new Node(endpoint, connection, made.length));
    return made.at(-1)!;
  };
  let kept: Node | undefined;
  try {
    const dns = yield* report(
      'DNS',
      each(async ({ address }) => `${address} is ${await addressesOf(address)}`),
    );
    const tcp =
      dns &&
      (yield* report(
        'TCP',
        each(async (host) => dial(host, connectTcp(host.port, bare(host.address)), 'connect')),
      ));
    if (!tcp) return undefined;
    if (
      tls &&
      !(yield* report(
        'TLS',
        each(async (host) => dial(host, secure(host, connection), 'secureConnect')),
      ))
    )
      return undefined;

    let leader = hosts[0]!;
    const gossiped = each(async (host) => {
      const members = await nodeAt(host)
        .members(connection.gossipTimeout)
        .catch(async (error: unknown) => {
          if (!tls && (await speaksTls(host))) throw new Error('it speaks TLS; leave out tls=false');
          throw error;
        });
      const leading = members.find(({ state, isAlive }) => state === 'leader' && isAlive);
      if (cluster && !leading) throw new Error('it knows no leader');
      if (cluster && leading) leader = leading.endpoint;
      return members.map(({ endpoint, state, isAlive }) => `${nameOf(endpoint)} ${isAlive ? state : 'dead'}`).join(', ');
    });
    if (!(yield* report('gossip', gossiped))) return undefined;

    const read = async (node: Node): Promise<'led' | 'not led'> => {
      const failure = await timely(collect(node, LAST, STEP)).then(() => undefined, failureOf);
      if (failure?.kind !== 'not-leader' && failure?.kind !== 'not-ready') {
        if (failure) throw new CallFailedError(failure);
        return 'led';
      }
      if (failure.leader) leader = failure.leader;
      return 'not led';
    };
    let state: 'led' | 'not led' | undefined;
    const user = connection.credentials ? `as ${connection.credentials.username}` : 'without a user';
    const mayRead = read(nodeAt(leader)).then(
      (is) => {
        state = is;
        return `the log can be read ${user}`;
      },
      (error: unknown) => {
        const failure = failureOf(error);
        throw failure.kind === 'refused' ? new Error(`$all cannot be read ${user} (${failure.message})`) : error;
      },
    );
    if (!(yield* report('authentication', mayRead))) return undefined;
    const leads = (async () => {
      if (state === 'not led' && (await read(nodeAt(leader))) === 'not led') throw new Error(`${nameOf(leader)} is not the leader`);
      return nameOf(leader);
    })();
    if (yield* report('leader', leads)) kept = made.at(-1);
    return kept;
  } finally {
    for (const node of made) if (node !== kept) void node.close();
  }
}

/** All steps: finding the leader, writing one event to the doctor's own stream, reading it back, checking every ledger stream. */
export async function* examine(
  connection: Connection,
  newId: () => string,
  names = new StreamNames(),
  /** Called with the part of the log that is scanned, between 0 and 1. */
  onProgress: (part: number) => void = () => undefined,
): AsyncGenerator<Finding, void> {
  const { doctor: scratch } = names;
  const node = yield* reach(connection);
  if (!node) return;
  try {
    const id = newId();
    const event = { id, type: 'DoctorCalled', data: Buffer.from('{}'), metadata: Buffer.from('{}') };
    // One event is kept, so that the next scavenge removes those of earlier calls.
    const bound = { id: newId(), type: '$metadata', data: Buffer.from('{"$maxCount":1}'), metadata: Buffer.from('{}') };
    const bounded = node.append(`$$${scratch}`, -1, [bound], STEP).then(
      () => '',
      (error: unknown) => {
        if (failureOf(error).kind !== 'refused') throw error;
        return ', which keeps all that is written: the user may not write its metadata';
      },
    );
    const written = bounded.then(async (note) => {
      const answer = await node.append(scratch, 'any', [event], STEP);
      return `revision ${'revision' in answer ? answer.revision : '?'} of ${scratch}${note}`;
    });
    if (!(yield* report('write', written))) return;
    const back = collect(node, { stream: scratch, from: 'end', backwards: true, limit: 20 }, STEP).then((found) => {
      if (found === 'not-found' || !found.some((record) => record.id === id)) throw new Error('the event that was written is missing');
      return 'the event that was written';
    });
    if (yield* report('read back', back)) yield* report('ledger streams', areWhole(node, names, onProgress));
  } finally {
    void node.close();
  }
}

/** Waits until the server is usable, for example while it is still starting. @throws CannotOpenError */
export const mustAnswer = async (connection: Connection, deadline: number, log: (message: string) => void): Promise<void> => {
  const over = AbortSignal.timeout(deadline);
  for (let last: Finding | undefined; ;) {
    let failed: Finding | undefined;
    const steps = reach(connection, over);
    let next = await steps.next();
    for (; !next.done; next = await steps.next()) if (!next.value.ok) failed = next.value;
    void next.value?.close();
    if (!failed) return;
    if (!last) log(`KurrentDB does not answer yet (${failed.step}: ${failed.detail}); waiting.`);
    // A round that the deadline cut short may fail at any step, so its finding is not kept.
    if (!last || !over.aborted) last = failed;
    await sleep(250, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) throw new CannotOpenError(last);
  }
};

const LAST: Reading = { from: 'end', backwards: true, limit: 1 };

/** Yields the finding of one step. @returns whether it succeeded */
async function* report(step: Finding['step'], work: Promise<string>): AsyncGenerator<Finding, boolean> {
  const finding = await work.then(
    (detail): Finding => ({ step, ok: true, detail }),
    (error: unknown): Finding => ({ step, ok: false, detail: messageOf(error) }),
  );
  yield finding;
  return finding.ok;
}

/** Succeeds when at least one host does; the detail covers every host. */
const onHosts = async (hosts: readonly Endpoint[], work: (host: Endpoint) => Promise<string>): Promise<string> => {
  const outcomes = await Promise.allSettled(hosts.map(work));
  const words = outcomes.map((outcome, i) =>
    outcome.status === 'fulfilled' ? outcome.value : `${nameOf(hosts[i]!)}: ${messageOf(outcome.reason)}`,
  );
  if (outcomes.every(({ status }) => status === 'rejected')) throw new Error(words.join('; '));
  return words.join('; ');
};

const inTime = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error('no answer in time'));
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true });
  });
  return Promise.race([work, late]);
};

const messageOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'EPROTO' ? 'it does not speak TLS; did you mean tls=false?' : message.trim();
};
const bare = (address: string): string => address.replace(/^\[|\]$/g, '');
const addressesOf = async (address: string): Promise<string> =>
  (await lookup(bare(address), { all: true })).map((found) => found.address).join(', ');

const secure = ({ address, port }: Endpoint, { rootCertificate, userCertificate }: Connection): Socket =>
  connectTls({
    host: bare(address),
    port,
    ...(isIP(bare(address)) === 0 && { servername: address }),
    ...(rootCertificate && { ca: rootCertificate }),
    ...(userCertificate && { cert: userCertificate.certificate, key: userCertificate.key }),
  });

/** Whether a TLS handshake succeeds with any certificate: for a hint only, nothing is sent. */
const speaksTls = (host: Endpoint): Promise<boolean> =>
  dial(host, connectTls({ host: bare(host.address), port: host.port, rejectUnauthorized: false }), 'secureConnect').then(
    () => true,
    () => false,
  );

const dial = async (host: Endpoint, socket: Socket, event: 'connect' | 'secureConnect'): Promise<string> => {
  socket.setTimeout(STEP, () => socket.destroy(new Error('no answer in time')));
  try {
    await new Promise<void>((resolve, reject) => socket.once(event, resolve).once('error', reject));
    return `${nameOf(host)} ${event === 'connect' ? 'accepts connections' : 'has a trusted certificate'}`;
  } finally {
    socket.destroy();
  }
};

/**
 * Scans the whole log for records that truncate or delete a stream; the server sends only those.
 * @throws Error that names the streams; also where only the beginning of a ledger is there
 */
const areWhole = async (node: Node, names: StreamNames, onProgress: (part: number) => void): Promise<string> => {
  const bounds = new Map<string, string | undefined>();
  const end = await endOf(node, STEP);
  const whole = async (reading: Omit<Reading, 'from'>, base: number, take: (record: Recorded) => void): Promise<void> => {
    for await (const next of scan(node, { from: 'start', ...reading }, STEP))
      if (!('checkpoint' in next)) take(next);
      else if (end && end.commit > 0n) onProgress(base + Number((next.checkpoint.commit * 1000n) / end.commit) / 2000);
  };
  await whole({ prefixes: names.bounds }, 0, (record) => {
    const stream = names.boundedBy(record.name);
    if (stream !== undefined) bounds.set(stream, boundOf(record.json()));
  });
  await whole({ prefixes: [TOMBSTONE], byType: true }, 0.5, ({ name }) => {
    const stream = names.ofLedger(name);
    if (stream !== undefined) bounds.set(stream, DELETED);
  });
  const broken = [...bounds].flatMap(([stream, bound]) => (bound === undefined ? [] : [`${stream} (${bound})`]));
  if (broken.length === 0) {
    if (await isMigrating(node, { names, deadline: STEP }))
      throw new Error(
        'they are the beginning of a ledger only: a migration into it is under way, or was interrupted and is to be run again',
      );
    return 'none is deleted, truncated or bounded';
  }
  throw new Error(`not whole: ${broken.slice(0, 20).join(', ')}${broken.length > 20 ? ` and ${broken.length - 20} more` : ''}`);
};
