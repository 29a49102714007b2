import {
  add,
  aggregate,
  amount,
  betweenOf,
  certainlyBefore,
  choice,
  count,
  date,
  eventsOf,
  id,
  list,
  optional,
  ref,
  showAmount,
  signedAmount,
  subtract,
  text,
  type Amount,
  type Occurrence,
  type Rules,
} from '../../kernel/index.js';
import { programme, type Programme } from '../programme/programme.js';
import { exchange, exchangeRules, realisedBy } from './exchange.js';
import {
  creditable,
  mostCommitted,
  mostCreditable,
  NATURES,
  negative,
  NO_ACCOUNT,
  takenOff,
  unreconciled,
  VAT,
  withAmount,
  withoutAmount,
  type Account,
  type Commitment,
  type Invoice,
  type Payment,
} from './state.js';

const event = eventsOf<Account, Programme>();
const vat = choice(VAT, 'Whether amounts include VAT');
const nature = optional(choice(NATURES, 'Whether it is capital or revenue'));
const reference = optional(text('Number of the order, the invoice or the payment', { max: 100 }));

const commitmentOf = (commitment: string | undefined, { commitments }: Account): Commitment | undefined =>
  commitments.find((one) => one.commitment === commitment);
const invoiceOf = (invoice: string | undefined, { invoices }: Account): Invoice | undefined =>
  invoices.find((one) => one.invoice === invoice);
const paymentOf = (payment: string, { payments }: Account): Payment | undefined => payments.find((one) => one.payment === payment);
const remaining = ({ amount, decommitted }: Commitment): Amount => (decommitted ? subtract(amount, decommitted) : amount);
/** Whether an amount is certainly more than what may be left, in minor units. */
const isBeyond = (amount: Amount, most: bigint | undefined): boolean => most !== undefined && betweenOf(amount).least > most;

const knownCommitment = {
  'account/unknown-commitment': {
    says: 'The account has no such commitment.',
    field: '/commitment',
    holds: ({ data: { commitment } }, a) => commitment === undefined || commitmentOf(commitment, a) !== undefined,
  },
} satisfies Rules<Occurrence<{ readonly commitment?: string }>, Account>;
/** An invoice and a credit note share their ids. */
const newInvoice = <Name extends 'invoice' | 'creditNote'>(name: Name) =>
  ({
    'account/invoice-exists': {
      says: 'Each invoice and each credit note has an id of its own.',
      field: `/${name}`,
      detail: ({ data }, a) => `${data[name]} was recorded on ${invoiceOf(data[name], a)!.on}.`,
      holds: ({ data }, a) => invoiceOf(data[name], a) === undefined,
    },
  }) satisfies Rules<Occurrence<{ readonly [N in Name]: string }>, Account>;
const OTHER_CURRENCY = 'An amount that belongs to another one is in its currency.';
const UNKNOWN_INVOICE = 'The account has no such invoice.';

interface Paying {
  readonly invoices?: readonly string[];
}
/** For an event that names the invoices of a payment. */
const knownInvoices = <Data extends Paying>(
  currencyOf: (on: { readonly data: Data }, a: Account) => string | undefined,
  field = '/amount/currency',
) =>
  ({
    'account/unknown-invoice': {
      says: UNKNOWN_INVOICE,
      field: ({ data: { invoices = [] } }, a) => `/invoices/${invoices.findIndex((one) => !invoiceOf(one, a))}`,
      detail: ({ data: { invoices = [] } }, a) => `No invoice ${invoices.find((one) => !invoiceOf(one, a))} is recorded.`,
      holds: ({ data: { invoices = [] } }, a) => invoices.every((one) => invoiceOf(one, a) !== undefined),
    },
    'account/other-currency': {
      says: OTHER_CURRENCY,
      field,
      holds(on, a) {
        const currency = currencyOf(on, a);
        return (on.data.invoices ?? []).every((one) => (invoiceOf(one, a)?.amount.currency ?? currency) === (currency ?? invoiceOf(one, a)?.amount.currency)); // prettier-ignore
      },
    },
  }) satisfies Rules<Occurrence<Data>, Account>;

/** An account with one more payment: of the nature and the VAT of its first invoice, and with what it realises in exchange. */
const withPayment = (a: Account, payment: Payment): Account => {
  const invoices = (payment.invoices ?? []).flatMap((one) => invoiceOf(one, a) ?? []);
  const nature = payment.nature ?? invoices[0]?.nature;
  const line = { on: payment.on, nature };
  const realised = realisedBy(payment, invoices.map(({ commitment }) => commitmentOf(commitment, a))); // prettier-ignore
  const paid = { ...a, ...withAmount(a, 'paid', payment.amount, { ...line, vat: invoices[0]?.vat ?? a.vat }) };
  const known = typeof realised === 'object';
  return {
    ...paid,
    ...(known && withAmount(paid, 'exchange', realised.difference, line)),
    invoices: takenOff(a.invoices, payment.invoices ?? [], payment.amount),
    payments: [
      ...a.payments,
      { ...payment, ...(nature && { nature }), ...(known ? { realised } : realised !== undefined && { unrealised: realised }) },
    ],
  };
};

/** What is expected, committed, invoiced and paid of one contract: its stream has the contract's id. */
export const account = aggregate({
  category: 'account',
  initial: NO_ACCOUNT,
  stages: ['none', 'open', 'settled'],
  events: {
    AccountOpened: event({
      allowedIn: ['none'],
      fields: {
        programme: ref('programme'),
        contract: ref('contract', 'The contract, whose id the account has'),
        vat: optional(vat),
      },
      rules: {
        'account/of-another-contract': {
          says: 'An account has the id of its contract.',
          field: '/contract',
          detail: ({ id }) => `This is the account of ${id}.`,
          holds: ({ id, data: { contract } }) => contract === id,
        },
      },
      evolve: (a, { programme, contract, vat = 'unknown' }) => ({ ...a, stage: 'open', programme, contract, vat }),
    }),
    SpendExpected: event({
      allowedIn: ['open'],
      fields: {
        year: count('The year in which the financial year begins', { min: 1900, max: 2199, example: 2016 }),
        period: optional(count('Month of the financial year, from 1; the whole year when absent', { min: 1, max: 12, example: 1 })),
        nature,
        amount: amount('What is expected to be spent in it'),
        basis: optional(text('What it is based on', { max: 1000 })),
      },
      evolve: (a, data, { event, effectiveOn: on }) => ({ ...a, expected: [...(a.expected ?? []), { ...data, event, on }] }),
    }),
    FundsCommitted: event({
      allowedIn: ['open'],
      fields: {
        commitment: id('The order', { example: 'po-1001' }),
        amount: amount('What is committed'),
        from: optional(date('First day of the period')),
        until: optional(date('Last day of the period')),
        nature,
        exchange,
        reference,
      },
      rules: {
        ...exchangeRules,
        'account/commitment-exists': {
          says: 'Each commitment has an id of its own.',
          field: '/commitment',
          detail: ({ data: { commitment } }, a) => `${commitment} was committed on ${commitmentOf(commitment, a)!.on}.`,
          holds: ({ data: { commitment } }, a) => commitmentOf(commitment, a) === undefined,
        },
        'account/period-ends-before-start': {
          says: 'A period cannot end before it starts.',
          field: '/until',
          detail: ({ data: { from } }) => `It starts on ${from}.`,
          holds: ({ data: { from, until } }) => !from || !until || !certainlyBefore(until, from),
        },
      },
      evolve: (a, data, { event, effectiveOn: on }) => ({
        ...a,
        ...withAmount(a, 'committed', data.amount, { on, nature: data.nature, vat: a.vat }),
        commitments: [...a.commitments, { ...data, event, on }],
      }),
    }),
    FundsDecommitted: event({
      allowedIn: ['open'],
      fields: {
        commitment: id('The order', { example: 'po-1001' }),
        amount: amount('What is taken back'),
        why: optional(text('Why', { max: 1000 })),
      },
      rules: {
        ...knownCommitment,
        'account/other-currency': {
          says: OTHER_CURRENCY,
          field: '/amount/currency',
          detail: ({ data: { commitment } }, a) => `${commitment} is in ${commitmentOf(commitment, a)!.amount.currency}.`,
          holds: ({ data: { commitment, amount } }, a) =>
            (commitmentOf(commitment, a)?.amount.currency ?? amount.currency) === amount.currency,
        },
        'account/more-than-committed': {
          says: 'No more is taken back than is committed.',
          field: '/amount/amount',
          detail: ({ data: { commitment } }, a) => `${commitment} has ${showAmount(remaining(commitmentOf(commitment, a)!))} left.`,
          holds({ data: { commitment, amount } }, a) {
            const found = commitmentOf(commitment, a);
            return found?.amount.currency !== amount.currency || !isBeyond(amount, mostCommitted(found));
          },
        },
      },
      evolve(a, { commitment, amount }, { effectiveOn: on }) {
        const found = commitmentOf(commitment, a);
        // A correction is folded before its rules are asked.
        if (found?.amount.currency !== amount.currency) return a;
        const decommitted = found.decommitted ? add(found.decommitted, amount) : amount;
        return {
          ...a,
          ...withAmount(a, 'committed', negative(amount), { on, nature: found.nature, vat: a.vat }),
          commitments: a.commitments.map((one) => (one === found ? { ...one, decommitted } : one)),
        };
      },
    }),
    InvoiceRecorded: event({
      allowedIn: ['open'],
      fields: {
        invoice: id('The invoice', { example: 'inv-1' }),
        amount: amount('What is invoiced'),
        commitment: optional(id('The order that it is of', { example: 'po-1001' })),
        vat: optional(vat),
        nature,
        dueOn: optional(date('When it is to be paid')),
        reference,
      },
      rules: { ...newInvoice('invoice'), ...knownCommitment },
      evolve(a, data, { event, effectiveOn: on }) {
        const nature = data.nature ?? commitmentOf(data.commitment, a)?.nature;
        return {
          ...a,
          ...withAmount(a, 'invoiced', data.amount, { on, nature, vat: data.vat ?? a.vat }),
          invoices: [...a.invoices, { ...data, ...(nature && { nature }), outstanding: data.amount, event, on }],
        };
      },
    }),
    CreditNoteRecorded: event({
      allowedIn: ['open'],
      fields: {
        creditNote: id('The credit note', { example: 'cn-1' }),
        amount: amount('What is credited'),
        invoice: optional(id('The invoice that it is of', { example: 'inv-1' })),
        why: optional(text('Why', { max: 1000 })),
        reference,
      },
      rules: {
        ...newInvoice('creditNote'),
        'account/unknown-invoice': {
          says: UNKNOWN_INVOICE,
          field: '/invoice',
          holds: ({ data: { invoice } }, a) => invoice === undefined || invoiceOf(invoice, a) !== undefined,
        },
        'account/other-currency': {
          says: OTHER_CURRENCY,
          field: '/amount/currency',
          detail: ({ data: { invoice } }, a) => `${invoice} is in ${invoiceOf(invoice, a)!.amount.currency}.`,
          holds: ({ data: { invoice, amount } }, a) => (invoiceOf(invoice, a)?.amount.currency ?? amount.currency) === amount.currency,
        },
        'account/more-than-invoiced': {
          says: 'A credit note takes no more off an invoice than is left of it.',
          field: '/amount/amount',
          detail: ({ data: { invoice } }, a) => `${invoice} has ${showAmount(creditable(a, invoiceOf(invoice, a)!))} left.`,
          holds({ data: { invoice, amount } }, a) {
            const found = invoiceOf(invoice, a);
            return found?.amount.currency !== amount.currency || !isBeyond(amount, mostCreditable(a, found));
          },
        },
      },
      evolve(a, { creditNote, invoice, amount, ...rest }, { event, effectiveOn: on }) {
        const { commitment, nature, vat } = invoiceOf(invoice, a) ?? {};
        const credit = negative(amount);
        const of = {
          ...(commitment && { commitment }),
          ...(nature && { nature }),
          ...(vat && { vat }),
          ...(invoice && { creditOf: invoice }),
        };
        return {
          ...a,
          ...withAmount(a, 'invoiced', credit, { on, nature, vat: vat ?? a.vat }),
          invoices: [...takenOff(a.invoices, invoice ? [invoice] : [], amount), { invoice: creditNote, amount: credit, ...of, ...rest, event, on }], // prettier-ignore
        };
      },
    }),
    PaymentRecorded: event({
      allowedIn: ['open'],
      fields: {
        payment: id('The payment', { example: 'pay-1' }),
        amount: signedAmount('What is paid; below zero what the supplier pays back'),
        invoices: optional(list(id('An invoice', { example: 'inv-1' }), 'The invoices that it pays; none where it is not allocated', { min: 1, max: 50 })), // prettier-ignore
        nature,
        exchange,
        reference,
      },
      rules: {
        ...exchangeRules,
        'account/payment-exists': {
          says: 'Each payment has an id of its own.',
          field: '/payment',
          holds: ({ data: { payment } }, a) => paymentOf(payment, a) === undefined,
        },
        ...knownInvoices<Paying & { readonly amount: Amount }>(({ data }) => data.amount.currency),
      },
      evolve: (a, data, { event, effectiveOn: on }) => withPayment(a, { ...data, event, on }),
    }),
    PaymentAllocated: event({
      allowedIn: ['open'],
      fields: {
        payment: id('The payment that named no invoices', { example: 'pay-1' }),
        invoices: list(id('An invoice', { example: 'inv-1' }), 'The invoices that it pays', { min: 1, max: 50 }),
      },
      rules: {
        'account/unknown-payment': {
          says: 'The account has no such payment.',
          field: '/payment',
          holds: ({ data: { payment } }, a) => paymentOf(payment, a) !== undefined,
        },
        'account/payment-allocated': {
          says: 'A payment is allocated once: correct the fact that named its invoices.',
          field: '/payment',
          detail: ({ data: { payment } }, a) =>
            `${payment} pays ${paymentOf(payment, a)!.invoices!.join(', ')}: correct the fact that says so.`,
          holds: ({ data: { payment } }, a) => paymentOf(payment, a)?.invoices === undefined,
        },
        ...knownInvoices<Paying & { readonly payment: string }>(({ data }, a) => paymentOf(data.payment, a)?.amount.currency, '/payment'),
      },
      evolve(a, { payment, invoices }, { effectiveOn: allocatedOn }) {
        const found = paymentOf(payment, a);
        // A correction is folded before its rules are asked.
        if (!found || found.invoices) return a;
        const { unrealised: _, ...line } = found;
        const without = { ...a, ...withoutAmount(a, 'paid', line.amount, { ...line, vat: a.vat }) };
        const { payments, sums, invoices: paid } = withPayment({ ...without, payments: [] }, { ...line, invoices, allocatedOn });
        return { ...a, sums, invoices: paid, payments: a.payments.map((one) => (one === found ? payments[0]! : one)) };
      },
    }),
    AccountSettled: event({
      allowedIn: ['open'],
      fields: {},
      rules: {
        'account/not-reconciled': {
          says: 'An account is settled once what is paid is what is invoiced.',
          detail: (_, a) => `Not yet in ${unreconciled(a).join(', ')}.`,
          holds: (_, a) => unreconciled(a).length === 0,
        },
      },
      evolve: (a, _, { effectiveOn }) => ({ ...a, stage: 'settled', settledOn: effectiveOn }),
    }),
  },
  about: (id, { programme, contract }) => ({ contract: [contract ?? id], ...(programme && { programme }) }),
  governedBy: { aggregate: programme, of: (a) => a.programme },
});
