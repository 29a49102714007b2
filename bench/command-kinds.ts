import { drive, median, percentile, type Post } from './load.js';
import { caughtUp, type Server } from './server.js';

const CONNECTIONS = 64;
const each = (count: number, make: (n: number) => Post) => {
  let n = 0;
  return () => (n < count ? make(n++) : undefined);
};
const post = (path: string, body: object): Post => ({ path, body: JSON.stringify(body), key: path });
const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' });
const gross = { amount: '110529.32', currency: 'GBP' };

/**
 * Commands of other aggregates beside an award over HTTP, each on a stream of its own that holds what the command needs.
 * `wholeAward`: microseconds for each award, at so many connections, until the last is answered.
 */
export const commandsBesideAward = async (
  server: Server,
  rounds: number,
  perRound: number,
): Promise<{ readonly rows: string[][]; readonly wholeAward: number }> => {
  const send = async (next: () => Post | undefined) => {
    const driven = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
    await caughtUp(server, (JSON.parse(driven.last) as { readonly position: string }).position);
    return driven;
  };
  const kinds: { readonly [name: string]: { before?(id: string): Post[]; at(id: string): Post } } = {
    AwardContract: {
      // on a stream of one event, as the write-off of a loss and the transfer of staff are
      before: (id) => [post(`/contracts/${id}/plan-contract`, { programme: 'p', title: id })],
      at: (id) =>
        post(`/contracts/${id}/award-contract`, {
          programme: 'p',
          title: id,
          towers: ['t-1'],
          suppliers: [{ supplier: 's-1' }],
          value: gross,
        }),
    },
    WriteOff: {
      before: (id) => [post(`/losses/${id}/raise-loss`, { programme: 'p', title: id, bearer: 'authority', category: 'other', gross })],
      at: (id) => post(`/losses/${id}/write-off`, { amount: gross }),
    },
    TransferStaff: {
      before: (id) => [
        post(`/programmes/${id}/charter-programme`, { title: id, authority: 'Authority', baseCurrency: 'GBP' }),
        post(`/workforces/${id}/record-baseline`, { programme: id, employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' } }), // prettier-ignore
      ],
      at: (id) =>
        post(`/workforces/${id}/transfer-staff`, { transfer: 't', from: pool('authority'), to: pool('s-1'), inScope: 113, moved: 113 }),
    },
  };
  const rates: Record<string, { rate: number; p50: number }[]> = {};
  for (let round = 0; round <= rounds; round++)
    for (const [name, { before, at }] of Object.entries(kinds)) {
      const id = (n: number) => `r${round}-${name.toLowerCase()}-${n}`;
      if (before) for (let step = 0; step < before('').length; step++) await send(each(perRound, (n) => before(id(n))[step]!));
      const { count, begun, ended, latencies } = await send(each(perRound, (n) => at(id(n))));
      if (round > 0) (rates[name] ??= []).push({ rate: (count / (ended - begun)) * 1000, p50: percentile(latencies, 50) });
    }
  const of = (name: string) => median(rates[name]!.map(({ rate }) => rate));
  const rows = [
    ['command', 'answered/s', 'p50 ms', '÷ AwardContract'],
    ...Object.keys(kinds).map((name) => [
      name,
      of(name).toFixed(0),
      median(rates[name]!.map(({ p50 }) => p50)).toFixed(2),
      (of(name) / of('AwardContract')).toFixed(2),
    ]),
  ];
  return { rows, wholeAward: 1e6 / of('AwardContract') };
};
