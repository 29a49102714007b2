/**
 * Losses worked out by hand, in pounds unless said. The categories, and the split between what is written off and what came back, follow
 * Managing Public Money (HM Treasury), annex 4.10 "Losses and write-offs" and annex 4.13 "Special payments":
 * https://www.gov.uk/government/publications/managing-public-money. Thresholds are examples.
 */
export const VECTORS = {
  order: {
    gross: '100.00',
    facts: [
      ['2019-03-01', 'WriteOff', '60.00'],
      ['2019-04-01', 'RecordRecovery', '30.00'],
    ],
    also: [
      ['2019-02-01', 'RecordRecovery', '30.00'],
      ['2019-03-01', 'WriteOff', '60.00'],
    ],
    right: { writtenOff: '60.00', recovered: '30.00', net: '60.00', outstanding: '10.00' },
  },
  reinstated: {
    gross: '100.00',
    facts: [
      ['2019-03-01', 'WriteOff', '100.00'],
      ['2019-04-01', 'ReverseWriteOff', '40.00'],
      ['2019-05-01', 'RecordRecovery', '40.00'],
    ],
    right: { writtenOff: '60.00', recovered: '40.00', net: '60.00', outstanding: '0.00' },
  },
  dividends: {
    gross: '100000.00',
    facts: [
      ['2018-03-31', 'WriteOff', '100000.00'],
      ['2020-06-01', 'RecordRecovery', '12000.00'],
      ['2021-06-01', 'RecordRecovery', '3000.00'],
    ],
    right: {
      net: '85000.00',
      years: {
        '2017-18': { cases: 1, writtenOff: '£100,000', earlier: 'nothing' },
        '2020-21': { cases: 0, writtenOff: 'nothing', earlier: '£12,000' },
        '2021-22': { cases: 0, writtenOff: 'nothing', earlier: '£3,000' },
      },
    },
  },
  interest: {
    receipt: { amount: '85000.00', interest: '4000.00', costs: '1000.00' },
    right: { recovered: '100000.00', interest: '4000.00', costs: '1000.00', net: '0.00' },
  },
  settlement: {
    gross: '1000000.00',
    facts: [
      ['2019-06-01', 'RecordRecovery', '400000.00'],
      ['2019-06-01', 'WriteOff', '600000.00'],
    ],
    right: { net: '600000.00', outstanding: '0.00' },
  },
  dollars: {
    gross: '1000000.00',
    cost: '800000.00',
    received: '250000.00',
    receivedAs: '187500.00',
    right: { net: '750000.00', netAtCost: '600000.00', exchangeLoss: '12500.00' },
  },
  about: {
    gross: '65000000',
    received: '5000000.00',
    writtenOff: '60200000.00',
    tooMuch: '60500000.01',
    right: { outstandingAtMost: '300000.00', netAtMost: '60200000.00' },
  },
} as const;
