import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  after,
  figuresOf,
  grossIn,
  grossOf,
  netIn,
  netOf,
  outstandingIn,
  outstandingOf,
  recoveredIn,
  supposing,
  type Figures,
  type Flow,
} from '../../src/domain/loss/figures.js';
import { amountOf, betweenOf, isAmount, showBetween, valueOf, type Qualifier, type Value } from '../../src/kernel/index.js';

const CURRENCIES = ['GBP', 'JPY', 'BHD', 'CLF'] as const;
const QUALIFIERS: readonly Qualifier[] = ['exact', 'about', 'under', 'over', 'at-most', 'at-least'];
const gbp = (amount: string, qualifier?: Qualifier, roundedTo?: string): Value => ({
  amount,
  currency: 'GBP',
  ...(qualifier && { qualifier }),
  ...(roundedTo && { roundedTo }),
});

describe('what a value may be', () => {
  it.each<[string, Value, bigint, bigint | undefined]>([
    ['an exact amount is itself', gbp('60'), 6000n, 6000n],
    ['about £65m is 64.5m to 65.5m', gbp('65000000', 'about'), 6450000000n, 6550000000n],
    ['about £800 is 750 to 850', gbp('800', 'about'), 75000n, 85000n],
    ['about £1,000 is 500 to 1,500', gbp('1000', 'about'), 50000n, 150000n],
    ['about £65.50 is 65.45 to 65.55', gbp('65.50', 'about'), 6545n, 6555n],
    ['about £65.43, to the penny, is itself', gbp('65.43', 'about'), 6543n, 6543n],
    ['about nothing is nothing', gbp('0', 'about'), 0n, 0n],
    ['rounded to £10,000 goes before the digits', gbp('65000000', 'about', '10000'), 6499500000n, 6500500000n],
    ['a rounding in no amount of the currency says nothing', gbp('65000000', 'about', '0.001'), 6450000000n, 6550000000n],
    ['it is never below nothing', gbp('100', 'about', '300'), 0n, 25000n],
    ['at most £10 is 0 to £10', gbp('10', 'at-most'), 0n, 1000n],
    ['almost £10 too', gbp('10', 'under'), 0n, 1000n],
    ['at least £10 is £10 or more', gbp('10', 'at-least'), 1000n, undefined],
    ['over £10 too', gbp('10', 'over'), 1000n, undefined],
    ['an unknown value is 0 or more', { unknown: true }, 0n, undefined],
    ['an undisclosed one too', { undisclosed: true }, 0n, undefined],
  ])('%s', (_, value, least, most) => expect(betweenOf(value)).toEqual({ least, ...(most !== undefined && { most }) }));

  it('is said again by the value of the interval', () => {
    const units = fc.bigInt({ min: 0n, max: 10n ** 12n });
    fc.assert(
      fc.property(units, fc.option(units, { nil: undefined }), fc.constantFrom(...CURRENCIES), (least, width, currency) => {
        const between = { least, ...(width !== undefined && { most: least + width }) };
        const value = valueOf(between, currency);
        const again = betweenOf(value);
        const wider = width !== undefined && least > 0n && width % 2n === 1n ? 1n : 0n;
        expect(again).toEqual({ least, ...(width !== undefined && { most: least + width + wider }) });
      }),
    );
  });

  it.each<[string, bigint, bigint | undefined]>([
    ['£60', 6000n, 6000n],
    ['£59.5m to £60.2m', 5950000000n, 6020000000n],
    ['at most £9', 0n, 900n],
    ['£9 or more', 900n, undefined],
    ['unknown', 0n, undefined],
  ])('is shown to people as %s', (shown, least, most) =>
    expect(showBetween({ least, ...(most !== undefined && { most }) }, 'GBP')).toBe(shown),
  );
});

/** As an accountant would do it with an exact gross; undefined where a step takes more than there is. */
const book = (gross: bigint, flows: readonly { readonly flow: Flow; readonly amount: bigint }[]) => {
  let [outstanding, net, recovered, lowered] = [gross, 0n, 0n, 0n];
  for (const { flow, amount } of flows) {
    if (flow === 'write-off') {
      if (amount > outstanding) return undefined;
      [outstanding, net] = [outstanding - amount, net + amount];
    } else if (flow === 'reversal') {
      if (amount > net) return undefined;
      [outstanding, net] = [outstanding + amount, net - amount];
    } else if (flow === 'recovery') {
      if (amount > outstanding + net) return undefined;
      const rest = amount > outstanding ? amount - outstanding : 0n;
      [outstanding, net, recovered, lowered] = [outstanding - (amount - rest), net - rest, recovered + amount, lowered + rest];
    } else {
      if (amount > recovered) return undefined;
      const again = amount < lowered ? amount : lowered;
      [outstanding, net, recovered, lowered] = [outstanding + amount - again, net + again, recovered - amount, lowered - again];
    }
  }
  return { outstanding, net, recovered };
};

const flow = fc.record({
  flow: fc.constantFrom<Flow>('write-off', 'write-off', 'recovery', 'recovery', 'reversal', 'recovery-reversal'),
  amount: fc.bigInt({ min: 1n, max: 60n }),
});

describe('the one equation', () => {
  it('of an exact gross comes out as an accountant books it, step by step', () => {
    let steps = 0;
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 200n }), fc.array(flow, { maxLength: 12 }), (gross, flows) => {
        const legal: (typeof flows)[number][] = [];
        let figures: Figures = { least: supposing(gross), most: supposing(gross) };
        for (const one of flows) {
          const expected = book(gross, [...legal, one]);
          if (!expected) continue;
          legal.push(one);
          figures = after(figures, one.flow, one.amount);
          steps++;
          expect({ outstanding: outstandingOf(figures.most), net: netOf(figures.most), recovered: recoveredIn(figures) }).toEqual(expected);
          expect(expected.recovered + expected.net + expected.outstanding).toBe(gross);
        }
        expect(figures.least).toEqual(figures.most);
      }),
      { numRuns: 400 },
    );
    expect(steps).toBeGreaterThan(500);
  });

  it('holds at both ends of a gross that is known as an interval, and every gross between leads to figures between', () => {
    let inside = 0;
    const gross = fc.record({
      amount: fc.bigInt({ min: 1n, max: 300n }),
      currency: fc.constantFrom(...CURRENCIES),
      qualifier: fc.constantFrom(...QUALIFIERS),
      exactly: fc.bigInt({ min: 0n, max: 400n }),
    });
    fc.assert(
      fc.property(gross, fc.array(flow, { maxLength: 12 }), ({ amount, currency, qualifier, exactly }, flows) => {
        const value: Value = { ...amountOf(amount, currency), qualifier };
        let figures = figuresOf(value);
        const done: (typeof flows)[number][] = [];
        for (const one of flows) {
          figures = after(figures, one.flow, one.amount);
          done.push(one);
          for (const end of [figures.least, figures.most])
            if (end.gross !== undefined) expect(end.recovered + netOf(end) + outstandingOf(end)!).toBe(grossOf(end));
          const [net, outstanding, between] = [netIn(figures), outstandingIn(figures), grossIn(figures)];
          expect(net.least <= net.most!).toBe(true);
          expect(outstanding.most === undefined || outstanding.least <= outstanding.most).toBe(true);
          const { least, most } = betweenOf(value);
          const booked = exactly >= least && (most === undefined || exactly <= most) ? book(exactly, done) : undefined;
          if (!booked) continue;
          inside++;
          expect(booked.net >= net.least && booked.net <= net.most!).toBe(true);
          expect(booked.outstanding >= outstanding.least && (outstanding.most === undefined || booked.outstanding <= outstanding.most)).toBe(true); // prettier-ignore
          expect(exactly >= between.least && (between.most === undefined || exactly <= between.most)).toBe(true);
        }
        expect(figuresOf(value, done)).toEqual(figures);
      }),
      { numRuns: 2000 },
    );
    expect(inside).toBeGreaterThan(500);
  });

  it('an unknown gross leaves the net between nothing and what was written off', () => {
    const figures = figuresOf({ unknown: true }, [
      { flow: 'write-off', amount: 900n },
      { flow: 'recovery', amount: 100n },
    ]);
    expect([netIn(figures), outstandingIn(figures), isAmount(valueOf(outstandingIn(figures), 'GBP'))]).toEqual([
      { least: 0n, most: 900n },
      { least: 0n },
      false,
    ]);
  });
});
