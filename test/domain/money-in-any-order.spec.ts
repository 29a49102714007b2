import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Contract } from '../../src/domain/contract/index.js';
import { amountOf, betweenOf, exponentOf, isAmount, minor, type Amount, type Entry, type Provenance } from '../../src/kernel/index.js';
import { projections } from '../../projections/index.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { World } from '../random-history.js';

afterEach(closeRows);

const CURRENCIES = ['GBP', 'JPY', 'KWD', 'BHD', 'TND', 'CLF', 'DEM', 'ITL'] as const;
/** Units of a former currency for one euro, as fixed. */
const RATES: { readonly [currency: string]: string } = { DEM: '1.95583', ITL: '1936.27' };

const units = fc.integer({ min: -40_000, max: 99_999 });
/** A day on which all of these were money. */
const day = fc.nat(1200).map((n) => Temporal.PlainDate.from('1995-01-01').add({ days: n }).toString());
const on = fc.oneof(
  { weight: 4, arbitrary: day },
  { weight: 1, arbitrary: day.map((d) => d.slice(0, 7)) },
  { weight: 1, arbitrary: day.map((d) => d.slice(0, 4)) },
);
const act = fc.record({ kind: fc.constantFrom('by', 'by', 'to', 'disclose', 'close', 'redenominate'), units, on });
const mend = fc.record({ kind: fc.constantFrom('correct', 'redate', 'withdraw'), units, on, pick: fc.nat(99) });
const moves = fc.array(fc.oneof({ weight: 4, arbitrary: act }, { weight: 1, arbitrary: mend }), {
  minLength: 4,
  maxLength: 16,
  size: 'max',
});

/** So many minor units of a currency after it was replaced, half up. */
const inEuro = (n: bigint, currency: string): bigint => {
  const [whole, fraction = ''] = RATES[currency]!.split('.');
  const [rate, scale] = [BigInt(whole! + fraction), 10n ** BigInt(fraction.length)];
  const [over, under] = [n * 100n * scale, rate * 10n ** BigInt(exponentOf(currency)!)];
  return over < 0n ? -((-2n * over + under) / (2n * under)) : (2n * over + under) / (2n * under);
};

/** The ceiling that the facts come to, counted beside the ledger's own fold: award + changes in effect. Undefined while it is not known. */
const counted = (entries: readonly Entry[]): bigint | undefined => {
  let ceiling: bigint | undefined;
  let before = 0n;
  for (const { recorded, data } of entries) {
    const of = (amount: Amount | undefined): bigint | undefined => (amount && isAmount(amount) ? minor(amount) : undefined);
    if (recorded.type === 'ContractAwarded') ceiling = of(data.value);
    if (recorded.type === 'ValueDisclosed') ceiling ??= of(data.value)! + before;
    if (recorded.type === 'ChangeApproved' && data.to) ceiling = of(data.to);
    if (recorded.type === 'ChangeApproved' && data.by) {
      if (ceiling === undefined) before += of(data.by)!;
      else ceiling += of(data.by)!;
    }
    if (recorded.type === 'ContractRedenominated') ceiling = ceiling === undefined ? undefined : inEuro(ceiling, currencyOf(entries)!);
  }
  return ceiling;
};
const currencyOf = (entries: readonly Entry[]): string | undefined =>
  entries.flatMap(({ data }) => [data.value, data.to, data.by]).find((money) => money?.currency && money.currency !== 'EUR')?.currency;

describe('whatever is recorded of a value, late, corrected, withdrawn or redenominated', () => {
  it.each(CURRENCIES)('ceiling = award + changes in effect, at every place, and no request fails: %s', async (currency) => {
    const amount = (n: number): Amount => amountOf(BigInt(n), currency);
    let [accepted, places, mended, below, redenominated] = [0, 0, 0, 0, 0];
    await fc.assert(
      fc.asyncProperty(fc.option(units), moves, async (award, tried) => {
        const world = new World('2005-06-01');
        const began = { effectiveOn: '1990' };
        await world.try('programme-met', 'CharterProgramme', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, began);
        await world.try('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' }, began);
        const value = award === null ? { undisclosed: true } : amount(award);
        await world.try(
          'contract-c',
          'AwardContract',
          { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value },
          { effectiveOn: '1994' },
        );
        await world.try('contract-c', 'SignContract', {}, { effectiveOn: '1994' });
        const begun = world.accepted;
        for (const move of tried) {
          const record: Provenance = { effectiveOn: move.on };
          const { entries } = await world.history('contract-c');
          const picked = 'pick' in move ? entries[2 + (move.pick % Math.max(1, entries.length - 2))]?.recorded : undefined;
          const before = world.accepted;
          if (move.kind === 'by') await world.try('contract-c', 'ApproveChange', { kind: 'value', by: amount(move.units) }, record);
          else if (move.kind === 'to') await world.try('contract-c', 'ApproveChange', { kind: 'value', to: amount(move.units) }, record);
          else if (move.kind === 'disclose') await world.try('contract-c', 'DiscloseValue', { value: amount(move.units) }, record);
          else if (move.kind === 'redenominate') {
            if (RATES[currency]) await world.try('contract-c', 'RedenominateContract', { currency: 'EUR', rate: RATES[currency] }, { effectiveOn: '1999-01-01' }); // prettier-ignore
          } else if (move.kind === 'close') await world.try('contract-c', 'ApproveChange', { kind: 'scope', summary: 'More' }, record);
          else if (!picked) continue;
          else if (move.kind === 'withdraw')
            await world.try('contract-c', 'WithdrawFact', { event: picked.id, withDependants: move.pick % 2 === 0 });
          else {
            const pointer = move.kind === 'redate' ? '/effectiveOn' : picked.data.by ? '/by' : picked.data.to ? '/to' : '/value';
            await world.try('contract-c', 'CorrectFact', { event: picked.id, because: 'error', changes: [{ pointer, value: move.kind === 'redate' ? move.on : amount(move.units) }]}); // prettier-ignore
          }
          if ('pick' in move) mended += world.accepted - before;
        }
        accepted += world.accepted - begun;
        const history = await world.history('contract-c');
        const passed: Entry[] = [];
        for (const { entry, after } of history.steps()) {
          passed.push(entry);
          const { original, ceiling, redenominations = [] } = after as Contract;
          redenominated += redenominations.length;
          expect(isAmount(ceiling) ? minor(ceiling) : undefined).toBe(counted(passed));
          const most = betweenOf(ceiling).most;
          if (most !== undefined && most < 0n) below++;
          // Nothing that the authority pays goes below zero.
          if (isAmount(original) && minor(original) >= 0n && most !== undefined) expect(most >= 0n).toBe(true);
          places++;
        }
      }),
      { numRuns: 60 },
    );
    expect([accepted > 150, places > 200, mended > 15, below > 0, redenominated > 0]).toEqual([true, true, true, true, currency in RATES]);
  });

  it.each(CURRENCIES)('every projection shows it in the digits of %s', async (currency) => {
    const world = new World('2001-06-01');
    const one = (n: number): Amount => amountOf(BigInt(n), currency);
    await world.try('programme-met', 'CharterProgramme', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' });
    await world.try('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' });
    const award = { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], termMonths: 7 };
    await world.try('contract-c', 'AwardContract', { ...award, value: one(99_999) });
    await world.try('contract-c', 'ApproveChange', { kind: 'value', by: one(-1) });
    await world.try('contract-about', 'AwardContract', { ...award, value: { ...one(40_000), qualifier: 'about' } });
    await world.try('contract-income', 'AwardContract', { ...award, value: one(-7) });
    await world.try('contract-unknown', 'AwardContract', { ...award, value: { unknown: true } });
    await world.try('contract-unknown', 'ApproveChange', { kind: 'value', by: one(5) });
    await world.try('loss-x', 'RaiseLoss', {
      programme: 'met',
      title: 'L',
      bearer: 'authority',
      category: 'other',
      gross: { unknown: true },
    });
    await world.try('loss-x', 'RecordRecovery', { amount: one(3) });
    await world.try('programme-met', 'RecordSaving', { saving: 's', amount: one(-3) });
    expect([...world.refused]).toEqual([]);
    const rows = await rowsAfter(await world.events());
    for (const { name } of projections) await rows.all(name);
    expect(rows.logged).toEqual([]);
    const { amounts } = (await rows.row('tower-board', 'programme:met')).totals.outside;
    expect(amounts).toMatchObject([{ amount: one(139_996).amount, currency, between: { least: one(134_996).amount } }]);
    expect((await rows.row('tower-board', 'contract:c')).contracts[0]).toMatchObject({ perYear: one(171_427), cumulative: '0.0 %' });
  });
});
