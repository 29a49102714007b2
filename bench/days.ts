import { monitorEventLoopDelay } from 'node:perf_hooks';
import { join } from 'node:path';
import { projections } from '../projections/index.js';
import { aggregates } from '../src/domain/index.js';
import { Projector } from '../src/engine/read/projector.js';
import { addDays } from '../src/kernel/index.js';
import { SqliteReadModelFile } from '../src/store/sqlite/read-model-file.js';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.js';
import { median } from './load.js';
import { fill } from './paired/fill.js';
import { scan } from './rebuild.js';
import { DIST } from './server.js';
import { fixed, table } from './table.js';

const QUESTIONS = ['tower-board', 'contract-register', 'money', 'exposure'];

/** CPU time and time that some work takes, and the longest time for which nothing else had its turn, in milliseconds. */
const timed = async (work: () => Promise<unknown>): Promise<{ readonly cpu: number; readonly ms: number; readonly longest: number }> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  const begun = performance.now();
  await work();
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  return { cpu: (user + system) / 1000, ms, longest: delay.max / 1e6 };
};

/**
 * The rows of a programme as of a day, beside a scan of the same events and beside the rows of now: the whole board, and a page of 100 rows
 * of the others. Cold: a day that nobody asked for yet, by CPU time, since it lets other work in between. Warm: the same day again.
 */
export const daysBesideScan = async (dir: string, contracts: number, rounds: number): Promise<string> => {
  const { events } = await fill({ name: 'this build', dist: DIST }, dir, { contracts });
  const now = () => new Date().toISOString();
  const store = await SqliteStore.open({ dir, timeZone: 'Europe/London', now, newId: () => crypto.randomUUID() });
  const projector = Projector.start({ store, readModel: new SqliteReadModelFile(join(dir, 'days.db')), projections, aggregates, now });
  await projector.idle();
  const at = projector.sequence;
  const rows = [['projection', 'scan CPU ms', 'cold CPU ms', 'cold ÷ scan', 'now, warm ms', 'warm ms', 'warm ÷ now', 'longest turn ms']];
  let day = projector.today;
  for (const name of QUESTIONS) {
    const onDay = (of: string) =>
      timed(async () => {
        const page = await projector.ask(name, (_, days) => days.page({ at, day: of, programme: 'p' }, '', 100));
        if (page.rows.length === 0) throw new Error(`${name} has no rows on ${of}.`);
      });
    const current = () => timed(() => projector.rows(name, { at, limit: 100 }));
    const measured: Record<'scan' | 'cold' | 'now' | 'warm' | 'longest', number[]> = { scan: [], cold: [], now: [], warm: [], longest: [] };
    for (let round = -1; round < rounds; round++) {
      day = addDays(day, 1);
      const scanned = await timed(() => scan(store));
      const cold = await onDay(day);
      await current();
      const [warm, warmNow] = [await onDay(day), await current()];
      if (round < 0) continue; // warming up
      measured.scan.push(scanned.cpu);
      measured.cold.push(cold.cpu);
      measured.now.push(warmNow.ms);
      measured.warm.push(warm.ms);
      measured.longest.push(cold.longest);
    }
    const { scan: s, cold: c, now: n, warm: w, longest: l } = measured;
    const ratio = (over: readonly number[], under: readonly number[]) => fixed(median(over.map((ms, i) => ms / under[i]!)), 2);
    rows.push([name, fixed(median(s), 0), fixed(median(c), 0), ratio(c, s), fixed(median(n), 2), fixed(median(w), 2), ratio(w, n), fixed(Math.max(...l))]); // prettier-ignore
  }
  await projector.close();
  await store.close();
  return `${table(rows)}\n${events} events of ${contracts} contracts; medians of ${rounds} rounds, the longest turn of all.`;
};
