import { describe, expect, it } from '@jest/globals';
import { brokenInvariant, brokenRule, reject, type Invariant, type Rules } from '../../src/kernel/index.js';

interface Price {
  readonly amount: number;
}
interface Budget {
  readonly left: number;
}
const rules: Rules<Price, Budget> = {
  'shop/free': { says: 'Nothing is free.', holds: ({ amount }) => amount > 0 },
  'shop/too-dear': {
    says: 'A price fits the budget.',
    field: '/amount',
    detail: ({ amount }, { left }) => `${amount} is more than ${left}.`,
    holds: ({ amount }, { left }) => amount <= left,
  },
  'shop/odd': {
    says: 'A price is even.',
    field: ({ amount }, { left }) => `/prices/${amount}/${left}`,
    holds: ({ amount }) => amount % 2 === 0,
  },
};

describe('of the rules of an event', () => {
  it('none is broken where all hold, or where there are none', () => {
    expect(brokenRule(rules, { amount: 2 }, { left: 5 })).toBeUndefined();
    expect(brokenRule(undefined, { amount: 2 }, { left: 5 })).toBeUndefined();
  });

  it('the first that does not hold refuses: with its detail, else with what it says, and the field to blame where it names one', () => {
    expect(brokenRule(rules, { amount: 7 }, { left: 5 })).toEqual({
      code: 'shop/too-dear',
      sentence: '7 is more than 5.',
      pointer: '/amount',
    });
    expect(brokenRule(rules, { amount: 3 }, { left: 5 })).toEqual({
      code: 'shop/odd',
      sentence: 'A price is even.',
      pointer: '/prices/3/5',
    });
    expect(brokenRule(rules, { amount: 0 }, { left: 5 })).toStrictEqual({ code: 'shop/free', sentence: 'Nothing is free.' });
  });

  it('one that is tolerated refuses nothing, and the next is asked', () => {
    const tolerated = (code: string) => code === 'shop/too-dear';
    expect(brokenRule(rules, { amount: 7 }, { left: 5 }, tolerated)?.code).toBe('shop/odd');
    expect(brokenRule(rules, { amount: 8 }, { left: 5 }, tolerated)).toBeUndefined();
  });
});

describe('of the invariants of an aggregate', () => {
  const invariants: Readonly<Record<string, Invariant<Budget>>> = {
    'shop/overdrawn': {
      says: 'A budget is never below zero.',
      brokenBy: { Bought: ['/price/amount', '/amount'], Fined: '/fine', Moved: undefined },
      detail: ({ left }) => `It would be ${left}.`,
      holds: ({ left }) => left >= 0,
    },
    'shop/whole': { says: 'A budget is whole.', brokenBy: {}, holds: ({ left }) => Number.isInteger(left) },
  };
  const broken = (type: string, data: object, left: number) => brokenInvariant(invariants, { type, data }, { left });

  it('none is broken where all hold, or where there are none', () => {
    expect(broken('Bought', {}, 0)).toBeUndefined();
    expect(brokenInvariant(undefined, { type: 'Bought', data: {} }, { left: -1 })).toBeUndefined();
  });

  it('the first that does not hold refuses, and blames the first of its fields that the event has, else the first', () => {
    const refusal = { code: 'shop/overdrawn', sentence: 'It would be -1.' };
    expect(broken('Bought', { amount: 3 }, -1)).toEqual({ ...refusal, pointer: '/amount' });
    expect(broken('Bought', { amount: 3, price: { amount: 3 } }, -1)).toEqual({ ...refusal, pointer: '/price/amount' });
    expect(broken('Bought', {}, -1)).toEqual({ ...refusal, pointer: '/price/amount' });
    expect(broken('Fined', { fine: 3 }, -1)).toEqual({ ...refusal, pointer: '/fine' });
  });

  it('one refuses also an event that names no field, with what it says where there is no detail', () => {
    expect(broken('Moved', { amount: 3 }, -1)).toStrictEqual({ code: 'shop/overdrawn', sentence: 'It would be -1.' });
    expect(broken('Bought', { amount: 3 }, 0.5)).toStrictEqual({ code: 'shop/whole', sentence: 'A budget is whole.' });
  });
});

it('a refusal has a name and a code for programs, a sentence for people, and what else programs need', () => {
  const refused = { name: 'Rejection', code: 'shop/free', message: 'Nothing is free.' };
  expect(() => reject('shop/free', 'Nothing is free.', { pointer: '/amount' })).toThrow(expect.objectContaining({ ...refused, more: { pointer: '/amount' } })); // prettier-ignore
  expect(() => reject('shop/free', 'Nothing is free.')).toThrow(expect.objectContaining({ ...refused, more: {} }));
});
