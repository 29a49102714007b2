import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { projections } from '../projections/index.js';
import type { Contract } from '../src/domain/contract/index.js';
import { sumIn, type Workforce } from '../src/domain/workforce/index.js';
import { canonical, exponentOf, isAmount, isExact, minor, type Amount, type Entry, type History, type Json } from '../src/kernel/index.js';
import { isBroughtIn, ledgerOf, onDay, shown, upTo } from './engine/ledger-on-day.js';
import { closeRows, Rows } from './engine/rows-after.js';
import { CURRENCIES, everyMove, playEveryMove, RATE } from './every-move.js';
import { Tally, type World } from './random-history.js';

afterEach(closeRows);

/** `RUNS=1000 npm test -- test/every-move` plays longer; `SEED=n` plays others. fast-check prints the seed of what fails. */
const RUNS = Number(process.env['RUNS'] ?? 0);
const PATIENCE = RUNS > 0 ? 3_600_000 : 60_000;

const halfUp = (over: bigint, under: bigint): bigint =>
  over < 0n ? -((-2n * over + under) / (2n * under)) : (2n * over + under) / (2n * under);
const halfEven = (over: bigint, under: bigint): bigint => {
  const [sign, positive] = over < 0n ? [-1n, -over] : [1n, over];
  const [whole, rest] = [positive / under, positive % under];
  const up = 2n * rest > under || (2n * rest === under && whole % 2n === 1n);
  return sign * (whole + (up ? 1n : 0n));
};
const decimal = (text: string): readonly [over: bigint, under: bigint] => {
  const [whole, fraction = ''] = text.split('.');
  return [BigInt(whole! + fraction), 10n ** BigInt(fraction.length)];
};
const inEuro = (units: bigint, currency: string): bigint => {
  const [rate, scale] = decimal(RATE);
  return halfUp(units * 100n * scale, rate * 10n ** BigInt(exponentOf(currency)!));
};

/** A ceiling counted from the facts alone, beside the ledger's own fold. */
class Count {
  #ceiling: bigint | undefined;
  #currency = '';
  #covers = 'unknown';
  /** What was added while the value was not known. */
  #before = 0n;
  #options: { readonly option: string; readonly months: number; readonly value?: bigint }[] = [];
  /** Options that added something. */
  added = 0;

  get ceiling(): bigint | undefined {
    return this.#ceiling;
  }
  #of(amount: Amount | undefined): bigint | undefined {
    if (!amount || !isAmount(amount)) return undefined;
    this.#currency = amount.currency;
    return minor(amount);
  }
  #add(units: bigint): void {
    if (this.#ceiling === undefined) this.#before += units;
    else this.#ceiling += units;
  }
  #percent(percent: string, falls: boolean): void {
    if (this.#ceiling === undefined) return;
    const [over, under] = decimal(percent);
    const difference = halfEven(this.#ceiling * over, 100n * under);
    this.#ceiling += falls ? -difference : difference;
  }
  add({ recorded: { type }, data }: Entry): this {
    if (type === 'ContractAwarded' || type === 'ContractRecorded') {
      this.#ceiling = this.#of(data.value);
      this.#covers = data.covers ?? 'unknown';
      this.#options = (data.options ?? []).map((one: any) => ({ ...one, value: this.#of(one.value) }));
      if (this.#of(data.value) === undefined) this.#before = 0n;
    } else if (type === 'ValueDisclosed') {
      const value = this.#of(data.value)!;
      this.#ceiling ??= value + this.#before;
      this.#covers = data.covers ?? this.#covers;
    } else if (type === 'ChangeApproved' && data.to) this.#ceiling = this.#of(data.to);
    else if (type === 'ChangeApproved' && data.by) this.#add(this.#of(data.by)!);
    else if (type === 'ExtensionExercised' && data.option) {
      const value = this.#options.find(({ option }) => option === data.option)?.value;
      if (this.#covers !== 'initial-term' || value === undefined) return this;
      this.#add(value);
      this.added++;
    } else if (type === 'IndexationApplied') {
      if (data.to) this.#ceiling = this.#of(data.to);
      else this.#percent(String(data.percent), data.falls === true);
    } else if (type === 'ContractRedenominated') {
      const converted = (units: bigint): bigint => inEuro(units, this.#currency);
      if (this.#ceiling !== undefined) this.#ceiling = converted(this.#ceiling);
      this.#before = converted(this.#before);
      this.#options = this.#options.map((one) => (one.value === undefined ? one : { ...one, value: converted(one.value) }));
      this.#currency = 'EUR';
    }
    return this;
  }
}

/** How many places were looked at, and how many options had added something there. */
const ceilingsAddUp = async (world: World): Promise<readonly [places: number, added: number]> => {
  let [places, added] = [0, 0];
  for (const stream of new Set((await world.events()).map(({ stream }) => stream))) {
    if (!stream.startsWith('contract-')) continue;
    const count = new Count();
    for (const { entry, after } of (await world.history(stream)).steps()) {
      const { ceiling } = after as Contract;
      expect([stream, isAmount(ceiling) ? minor(ceiling) : undefined]).toEqual([stream, count.add(entry).ceiling]);
      places++;
    }
    added += count.added;
  }
  return [places, added];
};

/** Nobody appears or vanishes but by a count, by joining or by leaving: what one pool gives another one gets. */
const headcountIsConstant = async (world: World): Promise<number> => {
  let places = 0;
  const pools = new Map<string, number>();
  const counted = new Set<string>();
  const move = (pool: string, by: number) => pools.set(pool, (pools.get(pool) ?? 0) + by);
  let outside = 0;
  for (const { entry, after } of (await world.history('workforce-met')).steps()) {
    const { data: d, recorded } = entry;
    const pool = `${d.employer}, ${d.function}`;
    if (recorded.type === 'BaselineRecorded') {
      outside -= d.headcount.count - (pools.get(pool) ?? 0);
      pools.set(pool, d.headcount.count);
      counted.add(pool);
    } else if (recorded.type === 'StaffJoined' || recorded.type === 'StaffLeft') {
      const by = recorded.type === 'StaffJoined' ? d.count : -d.count;
      move(pool, by);
      outside -= by;
    } else if (recorded.type === 'StaffRedeployed') {
      move(`${d.employer}, ${d.from}`, -d.count);
      move(`${d.employer}, ${d.to}`, d.count);
    } else if (recorded.type === 'StaffTransferred') {
      move(`${d.from.employer}, ${d.from.function}`, -d.moved - d.objected - d.left);
      move(`${d.to.employer}, ${d.to.function}`, d.moved);
      outside += d.objected + d.left;
    } else throw new Error(`${recorded.type} is not counted here.`);
    const state = after as Workforce;
    let inside = 0;
    for (const one of state.pools) {
      const sum = sumIn(one);
      expect(isExact(sum)).toBe(true);
      expect([one.employer, one.function, sum.least]).toEqual([one.employer, one.function, pools.get(`${one.employer}, ${one.function}`)]);
      inside += sum.least!;
    }
    expect(inside + outside).toBe(0);
    places++;
  }
  return places;
};

const SHOWN = [
  'tower-board',
  'contract-register',
  'money',
  'exposure',
  'workforce',
  'staff-movements',
  'losses-statement',
  'programme',
  'frameworks',
];
/** What everything reads as it is known now: states, rows, and rows of another day. */
const viewOf = async (world: World, rows: Rows, names: readonly string[], day: string) => {
  await rows.read();
  const at = rows.projector.sequence;
  const texts: Record<string, string> = {};
  for (const name of names) {
    texts[name] = canonical((await rows.all(name, at)) as unknown as Json);
    texts[`${name} on ${day}`] = canonical((await onDay(rows, name, { at, day })) as unknown as Json);
  }
  const streams = [...new Set((await world.events()).map(({ stream }) => stream))];
  const states = await Promise.all(streams.map(async (stream) => stateAt(await world.history(stream))));
  return { at, day, texts, states };
};
const stateAt = (history: History) => ({ stream: history.stream, revision: history.revision, text: canonical([history.state, history.entries.map(({ data, effectiveOn }) => [data, effectiveOn]), history.notes as unknown as Json]) }); // prettier-ignore

describe('whatever is recorded late, corrected, withdrawn, reinstated or marked as a duplicate, in eight currencies', () => {
  it(
    'headcount is constant, and ceiling = award + changes in effect + what options add; no request fails',
    async () => {
      let [places, options, people, callOffs, several] = [0, 0, 0, 0, 0];
      const tally = new Tally();
      const currencies = new Set<string>();
      await fc.assert(
        fc.asyncProperty(everyMove(60), async (moves) => {
          const world = await playEveryMove(moves);
          const [looked, added] = await ceilingsAddUp(world);
          places += looked;
          options += added;
          people += await headcountIsConstant(world);
          await tally.add(world);
          for (const { data } of await world.events()) {
            currencies.add((data.value ?? data.by ?? data.to)?.currency);
            if (data.framework) callOffs++;
            if (data.suppliers?.length > 1) several++;
          }
        }),
        { numRuns: RUNS || 70, endOnFailure: RUNS > 0 },
      );

      expect([places > 300, options > 5, people > 100, tally.accepted > 800]).toEqual([true, true, true, true]);
      expect([callOffs > 0, several > 0]).toEqual([true, true]);
      expect([...currencies]).toEqual(expect.arrayContaining([...CURRENCIES]));
      for (const type of [
        'FactCorrected',
        'FactWithdrawn',
        'FactReinstated',
        'DuplicateMarked',
        'ExtensionExercised',
        'ContractRedenominated',
        'StaffTransferred',
        'WrittenOff',
        'IndexationApplied',
        'ValueDisclosed',
        'ContractNovated',
        'SupplierAdmitted',
        'SupplierRemoved',
        'ContractTerminated',
        'TerminationNoticeGiven',
      ])
        expect([type, tally.of(type) > 0]).toEqual([type, true]);
    },
    PATIENCE,
  );

  it(
    'what was shown at a recorded time stays so to the byte, and the rows of a day are those of a ledger that was given the facts up to it',
    async () => {
      let [views, parts, run] = [0, 0, 0];
      await fc.assert(
        fc
          .asyncProperty(everyMove(40), fc.nat(9999), async (moves, any) => {
            const names = SHOWN.filter((_, i) => (i + run) % 4 === 0);
            run++;
            let rows: Rows | undefined;
            const seen: Awaited<ReturnType<typeof viewOf>>[] = [];
            const world = await playEveryMove(moves, async (played, nth) => {
              if (nth % 13 !== 12) return;
              rows ??= new Rows(
                played.store,
                projections.filter(({ name }) => names.includes(name)),
              );
              const days = (await played.events()).map(({ metadata }) => metadata.effectiveOn).filter((on) => on.length === 10);
              seen.push(await viewOf(played, rows, names, days[any % days.length]!));
            });
            await rows!.read();
            expect(rows!.logged).toEqual([]);
            expect(rows!.projector.list().flatMap(({ faulted }) => faulted)).toEqual([]);
            for (const { at, day, texts, states } of seen) {
              for (const state of states) expect(stateAt((await world.history(state.stream)).atRevision(state.revision))).toEqual(state);
              for (const name of names) {
                expect(canonical((await rows!.all(name, at)) as unknown as Json)).toBe(texts[name]);
                expect(canonical((await onDay(rows!, name, { at, day })) as unknown as Json)).toBe(texts[`${name} on ${day}`]);
                views++;
              }
            }
            if (!moves.certain) return;
            const events = await world.events();
            const days = events.map(({ metadata }) => metadata.effectiveOn).sort();
            const day = days[any % days.length]!;
            if (isBroughtIn(events, day)) return; // what its record says of days before it, no part of the facts does
            const only = await ledgerOf(upTo(day, events), day);
            if (only.projector.list().some(({ faulted }) => faulted.length > 0)) return; // what was corrected leant on what came later
            const whole = await ledgerOf(events);
            for (const name of names)
              expect([name, day, await shown(whole, name, { at: whole.projector.sequence, day })]).toEqual([
                name,
                day,
                await shown(only, name),
              ]);
            parts++;
          })
          .afterEach(closeRows),
        { numRuns: RUNS ? Math.ceil(RUNS / 5) : 10, endOnFailure: RUNS > 0 },
      );
      expect([views > 20, parts > 0]).toEqual([true, true]);
    },
    PATIENCE,
  );
});
