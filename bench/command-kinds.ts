import type { Decided } from './every-command.js';
import { drive, median, percentile, type Post } from './load.js';
import { caughtUp, type Server } from './server.js';

const CONNECTIONS = 64;
const each = (posts: readonly Post[]) => {
  let n = 0;
  return () => posts[n++];
};

/** A command with what is sent of it: each to a stream of its own. */
export interface Kind {
  readonly name: string;
  readonly example: Decided;
  readonly posts: readonly Post[];
}

/**
 * Every command beside an award over HTTP, each on a stream of its own that holds what the command needs, as short as it can be.
 * `wholeAward`: microseconds for each award, at so many connections, until the last is answered.
 * @param posts of each kind one to try, and `perRound` for each of the rounds and one round more
 */
export const commandsBesideAward = async (
  server: Server,
  kinds: readonly Kind[],
  rounds: number,
  perRound: number,
): Promise<{ readonly rows: string[][]; readonly wholeAward: number; readonly refused: readonly string[] }> => {
  const refused: string[] = [];
  const accepted: Kind[] = [];
  for (const kind of kinds) {
    const { path, body } = kind.posts[0]!;
    const { status, text } = await server.post(path, body, { 'x-actor': 'bench' });
    if (status === 201) accepted.push(kind);
    else refused.push(`${kind.name}: ${status} ${text.slice(0, 200)}`);
  }
  const measured = new Map(accepted.map(({ name }) => [name, [] as { readonly rate: number; readonly p50: number; readonly ratio: number }[]])); // prettier-ignore
  const inOrder = accepted.toSorted((a, b) => Number(b.name === AWARD) - Number(a.name === AWARD));
  for (let round = 0; round <= rounds; round++) {
    let award = NaN;
    for (const { name, posts } of inOrder) {
      const next = each(posts.slice(1 + round * perRound, 1 + (round + 1) * perRound));
      const { count, begun, ended, latencies, last } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
      await caughtUp(server, (JSON.parse(last) as { readonly position: string }).position);
      const rate = (count / (ended - begun)) * 1000;
      if (name === AWARD) award = rate;
      if (round > 0) measured.get(name)!.push({ rate, p50: percentile(latencies, 50), ratio: award / rate });
    }
  }
  const of = (name: string, figure: 'rate' | 'p50' | 'ratio') => median(measured.get(name)!.map((one) => one[figure]));
  const slowestFirst = inOrder.toSorted((a, b) => of(b.name, 'ratio') - of(a.name, 'ratio'));
  const rows = [
    ['command', 'events', 'answered/s', 'p50 ms', 'time ÷ AwardContract'],
    ...slowestFirst.map(({ name, example: { history } }) => [
      name,
      String(history.revision + 1),
      of(name, 'rate').toFixed(0),
      of(name, 'p50').toFixed(2),
      of(name, 'ratio').toFixed(2),
    ]),
  ];
  return { rows, wholeAward: 1e6 / of(AWARD, 'rate'), refused };
};
const AWARD = 'contract AwardContract';
