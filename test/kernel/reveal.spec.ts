import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  aggregate,
  canonical,
  certainlyBefore,
  count,
  eventsOf,
  History,
  IllegalTransitionError,
  isLedgerEvent,
  optional,
  Snapshot,
  type AnyAggregate,
  type RecordedEvent,
  type Rule,
} from '../../src/kernel/index.js';
import { asBelieved } from '../as-believed.js';
import { context, historyOf, stream, theFact, type GivenEvent } from '../given.js';
import { uncertainDate } from '../random-history.js';

interface Bill {
  readonly stage: 'none' | 'open' | 'settled';
  /** What it comes to; absent while it is not known. */
  readonly price?: number;
  readonly paid: number;
  /** What was open after each payment, as far as it is known. */
  readonly left: readonly (number | null)[];
}
const event = eventsOf<Bill>();
const learned = { 'bill/paid-more': {
  says: 'No more is paid than the bill comes to.',
  field: '/price',
  holds: ({ data }: { readonly data: { readonly price: number } }, { paid }: Bill) => paid <= data.price,
} }; // prettier-ignore
/** A bill whose price may be learned after it was paid in part. */
const bill = aggregate({
  category: 'bill',
  initial: { stage: 'none', paid: 0, left: [] } as Bill,
  stages: ['none', 'open', 'settled'],
  events: {
    Billed: event({ allowedIn: ['none'], fields: { price: optional(count()) }, evolve: (b, { price }) => ({ ...b, stage: 'open', ...(price !== undefined && { price }) }) }), // prettier-ignore
    PriceLearned: event({ allowedIn: ['open'], reveals: ['Billed'], fields: { price: count() }, rules: learned, evolve: (b, { price }) => ({ ...b, price }) }), // prettier-ignore
    Paid: event({
      allowedIn: ['open'],
      fields: { amount: count() },
      rules: {
        'bill/too-much': { says: 'No more is paid than is open.', field: '/amount', holds: ({ data }, { price, paid }) => price === undefined || paid + data.amount <= price }, // prettier-ignore
      },
      evolve: (b, { amount }) => ({ ...b, paid: b.paid + amount, left: [...b.left, b.price === undefined ? null : b.price - b.paid - amount] }), // prettier-ignore
    }),
    Refunded: event({
      allowedIn: ['open'],
      fields: { amount: count() },
      rules: { 'bill/not-paid': { says: 'No more comes back than was paid.', field: '/amount', holds: ({ data }, { paid }) => data.amount <= paid } }, // prettier-ignore
      evolve: (b, { amount }) => ({ ...b, paid: b.paid - amount }),
    }),
    Settled: event({
      allowedIn: ['open'],
      fields: {},
      rules: { 'bill/open': { says: 'A bill is settled when all of it is paid.', holds: (_, { price, paid }) => paid === price } },
      evolve: (b) => ({ ...b, stage: 'settled' }),
    }),
  },
  about: () => ({}),
});
/** The same with other events. */
const billWith = (events: object): AnyAggregate => aggregate({ ...(bill as AnyAggregate), events: { ...bill.events, ...events } });

const billed = (on: string, price?: number) => context('Billed', price === undefined ? {} : { price }, on);
const priced = (on: string, price: number) => context('PriceLearned', { price }, on);
const paid = (on: string, amount: number) => context('Paid', { amount }, on);
const refunded = (on: string, amount: number) => context('Refunded', { amount }, on);
const settled = (on: string) => context('Settled', {}, on);
const of = (...events: readonly GivenEvent[]): History<Bill> => historyOf(stream(bill, 'x', ...events));
const order = ({ entries }: History): string => entries.map(({ recorded, effectiveOn }) => `${recorded.type} ${effectiveOn}`).join(', ');
const tried = (history: History<Bill>, ...events: readonly GivenEvent[]): readonly Bill[] => {
  const on = events[0]!.effectiveOn!;
  return history.tryEvents(
    events.map(({ type, data }) => ({ type, data })),
    events.map((_, i) => ({ event: `new-${i}`, effectiveOn: on })),
    history.before(on),
  );
};
const why = (fold: () => unknown): Partial<IllegalTransitionError> | undefined => {
  try {
    fold();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(IllegalTransitionError);
    return error as IllegalTransitionError;
  }
};

describe('a fact that reveals what already was', () => {
  const history = of(billed('2015'), paid('2016', 30), priced('2019', 100), paid('2020', 20));

  it('acts right behind the fact that it completes', () => {
    expect(order(history)).toBe('Billed 2015, PriceLearned 2019, Paid 2016, Paid 2020');
    expect(history.state).toEqual({ stage: 'open', price: 100, paid: 50, left: [70, 50] });
  });

  it('shows on each day what is known now, and the recorded clock what was known then', () => {
    expect(history.asOf('2014').state).toEqual(bill.initial);
    expect(history.asOf('2015').state).toMatchObject({ price: 100, paid: 0 });
    expect(history.asOf('2017').state).toEqual({ stage: 'open', price: 100, paid: 30, left: [70] });
    expect(history.atRevision(1).asOf('2017').state).toEqual({ stage: 'open', paid: 30, left: [null] });
  });

  it('is named in a view of a day before it was learned, and is not uncertain for that', () => {
    const { entries, approximate, revealed } = history.asOf('2017');
    expect(entries.map(({ recorded }) => recorded.type)).toEqual(['Billed', 'PriceLearned', 'Paid']);
    expect([approximate, revealed]).toEqual([[], [entries[1]]]);
    expect(history.asOf('2019').revealed).toEqual([]);
    expect(of(billed('2015'), paid('2016', 3)).asOf('2017').revealed).toEqual([]);
  });

  it('stands behind an earlier one of the same fact, also when it is backdated before it', () => {
    const both = of(billed('2015'), priced('2019', 100), priced('2017', 90));
    expect(order(both)).toBe('Billed 2015, PriceLearned 2017, PriceLearned 2019');
    expect(both.state.price).toBe(100);
    expect(order(of(billed('2015'), priced('unknown', 90), priced('2019', 100)))).toBe('Billed 2015, PriceLearned unknown, PriceLearned 2019'); // prettier-ignore
  });

  it('keeps no backdated fact from its place', () => {
    const late = history.extended(of(billed('2015'), paid('2016', 30), priced('2019', 100), paid('2020', 20), paid('2015-06', 5), paid('2018', 6)).recorded.slice(4)); // prettier-ignore
    expect(order(late)).toBe('Billed 2015, PriceLearned 2019, Paid 2015-06, Paid 2016, Paid 2018, Paid 2020');
    expect(late.state.left).toEqual([95, 65, 59, 39]);
    expect(history.before('2015-06')).toEqual({ place: 1, state: { stage: 'open', price: 100, paid: 0, left: [] } });
    expect(history.before('2018')).toMatchObject({ place: 2, state: { paid: 30 } });
    expect(history.before('2021')).toEqual({ place: 4, state: history.state });
  });

  it('acts on its own day where nothing that it completes stands before it', () => {
    const { entries, state } = of(billed('2015'), paid('2016', 30), priced('2019', 100), context('FactCorrected', { event: theFact(1), changes: [{ pointer: '/effectiveOn', value: '2015-05-05' }], because: 'error' })); // prettier-ignore
    expect([entries.map(({ recorded }) => recorded.type), state.price]).toEqual([['Billed', 'PriceLearned', 'Paid'], 100]);
    const alone = why(() => of(priced('2014', 1)));
    expect([alone!.code, alone!.entry?.recorded.type]).toEqual(['bill/unknown', 'PriceLearned']);
  });

  it('is gone with its withdrawal, and acts as it is corrected', () => {
    const recorded = [billed('2015'), paid('2016', 30), priced('2019', 100)];
    expect(of(...recorded, context('FactWithdrawn', { event: theFact(3) })).state).toEqual({ stage: 'open', paid: 30, left: [null] });
    expect(of(...recorded, context('FactCorrected', { event: theFact(3), changes: [{ pointer: '/price', value: 90 }], because: 'error' })).state.left).toEqual([60]); // prettier-ignore
  });

  it('is never passed over by a snapshot, which goes on behind it', () => {
    const { recorded } = history;
    const snapshot = Snapshot.of(of(billed('2015'), paid('2016', 30)));
    expect([snapshot.canExtendWith([recorded[2]!]), snapshot.canExtendWith([recorded[3]!])]).toEqual([false, true]);
    const behind = Snapshot.of(history.atRevision(2));
    expect(behind.canExtendWith([recorded[3]!])).toBe(true);
    expect(behind.extended([recorded[3]!]).state).toEqual(history.state);
  });

  it('completes a fact of its aggregate, and never one that reveals', () => {
    const naming = (reveals: readonly string[]) => () => billWith({ PriceLearned: { ...bill.events.PriceLearned, reveals } });
    expect(naming(['Billed'])).not.toThrow();
    expect(naming(['Bill'])).toThrow(new TypeError('PriceLearned reveals Bill, which is no fact that can be completed.'));
    expect(naming(['PriceLearned'])).toThrow(TypeError);
  });

  it('completes the last of several facts that stand before its own day', () => {
    const again = billWith({ Billed: { ...bill.events.Billed, allowedIn: ['none', 'open'] } });
    const many = historyOf(stream(again, 'x', billed('2015', 1), billed('2017', 2), billed('2020', 3), priced('2018', 9)));
    expect(order(many)).toBe('Billed 2015, Billed 2017, PriceLearned 2018, Billed 2020');
    const either = billWith({ PriceLearned: { ...bill.events.PriceLearned, reveals: ['Paid', 'Billed'] } });
    expect(order(historyOf(stream(either, 'x', billed('2015'), paid('2016', 1), priced('2018', 9))))).toBe('Billed 2015, Paid 2016, PriceLearned 2018'); // prettier-ignore
  });
});

describe('what may be decided around a fact that reveals', () => {
  it('its own rules and its stage are judged on its own day', () => {
    const paidTwice = of(billed('2015'), paid('2016', 30), paid('2018', 50));
    expect(why(() => tried(paidTwice, priced('2019', 70)))).toMatchObject({ code: 'bill/paid-more', entry: undefined });
    expect(tried(paidTwice, priced('2019', 80))).toMatchObject([{ price: 80, paid: 80, left: [50, 0] }]);
    const closed = of(billed('2015', 30), paid('2016', 30), settled('2017'));
    expect(why(() => tried(closed, priced('2019', 70)))).toMatchObject({ code: 'bill/stage', entry: undefined });
  });

  it('a fact between that could stand on what was believed stands, though it could not on what is known now', () => {
    const refundedThen = of(billed('2015', 100), paid('2016', 100), refunded('2017', 40));
    expect(tried(refundedThen, priced('2018', 60))).toMatchObject([{ price: 60, paid: 60, left: [-40] }]);
    expect(why(() => tried(refundedThen, priced('2016-06', 60)))?.code).toBe('bill/paid-more'); // on that day nothing had come back
  });

  it('a fact that is recorded late is judged on what is known now, and breaks nothing that was believed later', () => {
    const history = of(billed('2015', 100), priced('2018', 150), paid('2019', 20));
    expect(tried(history, paid('2016', 120))).toMatchObject([{ paid: 120, left: [30] }]);
    expect(why(() => tried(history, paid('2016', 140)))).toMatchObject({ code: 'bill/too-much', entry: history.entries[2] });
    expect(why(() => tried(history, paid('2016', 151)))).toMatchObject({ code: 'bill/too-much', entry: undefined });
    const lower = of(billed('2015', 100), priced('2018', 60));
    expect(why(() => tried(lower, paid('2016', 80)))).toMatchObject({ code: 'bill/paid-more', entry: lower.entries[1] });
  });

  it('a fact that was accepted on what is known now is held against no later change', () => {
    const history = of(billed('2015', 100), priced('2018', 150), paid('2016', 120));
    expect(tried(history, paid('2020', 30))).toMatchObject([{ paid: 150 }]);
    expect(history.with([{ type: 'FactCorrected', data: { event: theFact(3), changes: [{ pointer: '/amount', value: 130 }], because: 'error' } }]).state.paid).toBe(130); // prettier-ignore
    expect(why(() => history.with([{ type: 'FactCorrected', data: { event: theFact(3), changes: [{ pointer: '/amount', value: 151 }], because: 'error' } }]))?.code).toBe('bill/too-much'); // prettier-ignore
  });

  it('what an older event breaks already stands, and excuses no other', () => {
    const broken = of(billed('2015', 10), paid('2016', 30), priced('2017', 20));
    expect(tried(broken, refunded('2018', 5))).toMatchObject([{ paid: 25 }]);
    expect(why(() => tried(broken, paid('2018', 1)))?.code).toBe('bill/too-much');
  });

  it('each event of a decision must be legal after the one before it', () => {
    const history = of(billed('2015', 100), paid('2016', 40), settled('2016-06'));
    expect(why(() => tried(of(billed('2015', 100), paid('2016', 40)), priced('2018', 50), paid('2018', 11)))?.code).toBe('bill/too-much');
    expect(tried(of(billed('2015', 100), paid('2016', 40)), priced('2018', 50), paid('2018', 10))).toMatchObject([{ paid: 40, price: 50 }, { paid: 50 }]); // prettier-ignore
    expect(history.state.stage).toBe('settled');
  });

  it('a new fact behind all others may rest on what was believed as well as on what is known', () => {
    const says = 'The bill is queried while nobody knows what was left.';
    const Queried = event({ allowedIn: ['open'], fields: {}, rules: { 'bill/known': { says, holds: (_, { left }) => left.at(-1) === null } }, evolve: (b) => b }); // prettier-ignore
    const queried = (...events: readonly GivenEvent[]) => tried(historyOf(stream(billWith({ Queried }), 'x', ...events)), context('Queried', {}, '2019')); // prettier-ignore
    expect(queried(billed('2015'), paid('2016', 30), priced('2018', 50))).toMatchObject([{ paid: 30, left: [20] }]);
    expect(why(() => queried(billed('2015'), priced('2016', 50), paid('2018', 30)))?.code).toBe('bill/known');
  });

  it('what can no longer follow is found with what completes it', () => {
    const history = of(billed('2015'), paid('2016', 30), refunded('2017', 20), priced('2018', 10), settled('2019'));
    expect(history.dependantsOf(theFact(3))).toEqual([theFact(4), theFact(5)]); // 30 paid of 10
    expect(history.dependantsOf(theFact(4))).toEqual([theFact(5)]);
    expect(history.dependantsOf(theFact(1))).toEqual([2, 3, 4, 5].map(theFact));
  });
});

describe('in any order of recording', () => {
  const on = uncertainDate;
  const move = fc.oneof(
    fc.record({ type: fc.constant('PriceLearned' as const), n: fc.integer({ min: 1, max: 60 }), on }),
    fc.record({ type: fc.constantFrom('Paid' as const, 'Refunded' as const), n: fc.integer({ min: 1, max: 25 }), on }),
    fc.record({ type: fc.constantFrom('Settled' as const, 'correct' as const, 'redate' as const, 'withdraw' as const), n: fc.nat(60), on }), // prettier-ignore
  );
  const moves = fc.array(move, { minLength: 3, maxLength: 18, size: 'max' });
  const template = of(billed('2009')).recorded[0]!;

  /** What is accepted, one fact after the other, as the engine accepts it. */
  const played = (tries: readonly (typeof move extends fc.Arbitrary<infer M> ? M : never)[]): History<Bill> => {
    let history = of(billed('2009'));
    for (const { type, n, on: effectiveOn } of tries) {
      const target = history.entries[n % history.entries.length]!.recorded;
      const fact = ((): { type: string; data: object } => {
        if (type === 'withdraw') return { type: 'FactWithdrawn', data: { event: target.id, dependants: history.dependantsOf(target.id) } };
        const pointer = type === 'redate' ? '/effectiveOn' : 'price' in target.data ? '/price' : '/amount';
        if (type === 'redate')
          return { type: 'FactCorrected', data: { event: target.id, changes: [{ pointer, value: effectiveOn }], because: 'error' } };
        if (type === 'correct')
          return { type: 'FactCorrected', data: { event: target.id, changes: [{ pointer, value: n }], because: 'error' } };
        return { type, data: type === 'PriceLearned' ? { price: n } : type === 'Settled' ? {} : { amount: n } };
      })();
      if (isLedgerEvent(fact.type) && target.type === 'Billed') continue; // the bill itself stays
      const revision = history.revision + 1;
      const stored: RecordedEvent = { ...template, ...fact, id: theFact(revision + 1), revision, metadata: { ...template.metadata, effectiveOn } }; // prettier-ignore
      try {
        if (isLedgerEvent(fact.type)) history.with([fact]);
        else {
          const [after] = history.tryEvents([fact], [{ event: 'new-0', effectiveOn }], history.before(effectiveOn));
          expect(history.extended([stored]).steps().find(({ entry }) => entry.recorded === stored)).toBeDefined(); // prettier-ignore
          if (history.before(effectiveOn).place === history.entries.length) expect(history.extended([stored]).state).toEqual(after);
        }
      } catch (error) {
        if (!(error instanceof IllegalTransitionError)) throw error;
        continue;
      }
      history = history.extended([stored]);
    }
    return history;
  };
  const seen = (history: History): string => canonical([history.state, history.entries, [...history.steps()].map(({ after }) => after)]);

  it('it stands behind its fact, all others by their days, and no view of any day or revision fails', () => {
    let revealed = 0;
    fc.assert(
      fc.property(moves, uncertainDate, (tries, day) => {
        const history = played(tries);
        const types = history.entries.map(({ recorded }) => recorded.type);
        const learnings = types.filter((type) => type === 'PriceLearned').length;
        expect(types.slice(1, 1 + learnings).every((type) => type === 'PriceLearned')).toBe(true);
        for (const part of [history.entries.slice(1, 1 + learnings), history.entries.filter(({ recorded }) => recorded.type !== 'PriceLearned')])
          for (let i = 1; i < part.length; i++) expect(certainlyBefore(part[i]!.effectiveOn, part[i - 1]!.effectiveOn)).toBe(false); // prettier-ignore
        const { entries, state } = history.asOf(day);
        expect(entries.every((entry) => entry.recorded.type === 'PriceLearned' || !certainlyBefore(day, entry.effectiveOn))).toBe(true);
        expect([...history.steps()][entries.length - 1]?.after ?? bill.initial).toEqual(state);
        if (entries.length > 0) expect(state.price).toBe(history.state.price);
        revealed += learnings;
      }),
      { numRuns: 300 },
    );
    expect(revealed).toBeGreaterThan(300);
  });

  it('event by event it is read as it is read whole, and what was known at a revision never changes', () => {
    fc.assert(
      fc.property(moves, (tries) => {
        const { recorded } = played(tries);
        let growing = History.of<Bill>(bill, 'x');
        const then: string[] = [];
        for (const event of recorded) {
          const snapshot = Snapshot.of(growing);
          growing = growing.extended([event]);
          if (snapshot.canExtendWith([event])) expect(snapshot.extended([event]).state).toEqual(growing.state);
          then.push(seen(growing));
        }
        expect(seen(History.of(bill, 'x', recorded))).toBe(then.at(-1));
        then.forEach((text, revision) => expect(seen(growing.atRevision(revision))).toBe(text));
      }),
      { numRuns: 200 },
    );
  });

  it('every rule holds on what was believed or on what is known now, and those of what reveals on what was believed', () => {
    let onlyKnown = 0;
    fc.assert(
      fc.property(moves, (tries) => {
        const history = played(tries);
        const known = new Map([...history.steps()].map(({ entry, before }) => [entry.recorded, before]));
        for (const { entry, before: believed } of asBelieved(history)) {
          const { recorded, data, effectiveOn } = entry;
          const rules: Readonly<Record<string, Rule<object, object>>> = bill.events[recorded.type as keyof typeof bill.events].rules ?? {};
          for (const { holds } of Object.values(rules)) {
            const on = { id: 'x', event: recorded.id, data, effectiveOn };
            const then = holds(on, believed);
            expect(then || (recorded.type !== 'PriceLearned' && holds(on, known.get(recorded)!))).toBe(true);
            if (!then) onlyKnown++;
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(onlyKnown).toBeGreaterThan(0);
  });
});
