import { amountOf, minor, sameName, showAmount, type Amount, type Assessment, type EventContext, type Taken } from '../../kernel/index.js';
import { assessment, certainlyInForce, inForce, NOT_KNOWN_TO_BE_IN_FORCE } from './policies.js';
import type { LossRow, Policy, WithPolicies } from './policy.js';

/** What the authority over a loss follows: the largest of these, each by what it certainly comes to. */
export interface Basis {
  /** Name → its minor units in a currency; undefined where its equivalent in that currency is not recorded. */
  readonly [part: string]: (currency: string) => bigint | undefined;
}

export type Table = 'writeOffs' | 'specialPayments';
const RULES = { writeOffs: 'write-off', specialPayments: 'special-payment' } as const;

/**
 * Whether the right office decided on a loss: the first row of each adopted table that applies to the basis names the approver. Asked are
 * the tables of the day of the fact, and of a decision taken now also those of its own day: redating a fact evades none.
 */
export const lossApprovalOf = (
  programme: WithPolicies,
  table: Table,
  asked: { readonly basis: Basis; readonly inputs: Assessment['inputs'] },
  context: EventContext,
  taken: Taken,
): readonly Assessment[] => {
  const ofItsDay = inForce(programme, context.effectiveOn);
  const ofToday = taken.now ? inForce(programme, taken.on).filter((policy) => !ofItsDay.includes(policy)) : [];
  return [...ofItsDay.map((policy) => ({ policy, on: context.effectiveOn })), ...ofToday.map((policy) => ({ policy, on: taken.on }))]
    .filter(({ policy }) => policy[table]?.length)
    .map(({ policy, on }) => judged(policy, table, asked, { ...context, effectiveOn: on }, taken));
};

const judged = (
  policy: Policy,
  table: Table,
  { basis, inputs: asked }: { readonly basis: Basis; readonly inputs: Assessment['inputs'] },
  { effectiveOn, decidedBy, authority }: EventContext,
  { now }: Taken,
): Assessment => {
  const rows = policy[table]!;
  const office = decidedBy?.office;
  let inputs: Assessment['inputs'] = { ...asked, ...(office && { office }), ...(authority?.limit && { limit: authority.limit }) };
  const say = (result: Assessment['result'], note?: string): Assessment => assessment(policy, RULES[table], result, inputs, note);
  const unsure = (note: string): Assessment => ({ ...say('not-assessable', note), refuses: true });

  const { decisive, missing } = decisiveRow(rows, basis);
  if (missing) return unsure(`The table is in ${missing.currency}: give the equivalent of ${missing.part} in it (stated).`);
  if (!decisive) return say('met', 'No row of the table asks for an approver.');
  const { approver } = rows[decisive.index]!;
  inputs = { ...inputs, ...(decisive.basis && { basis: decisive.basis, of: decisive.part }), approver };
  if (!certainlyInForce(policy, effectiveOn)) return unsure(NOT_KNOWN_TO_BE_IN_FORCE);
  if (!office)
    return now
      ? say('not-met', `Nobody is named as deciding, and no office of the actor is recorded: ${approver} must approve this.`)
      : unsure('Nobody was named as deciding.');
  if (authority?.limit) {
    const { limit } = authority;
    const { most, missing } = largest(basis, limit.currency);
    if (missing) return unsure(`The limit is in ${limit.currency}: give the equivalent of ${missing} in it (stated).`);
    if (most.units > minor(limit))
      return say('not-met', `The authority is limited to ${showAmount(limit)}; this comes to ${showUnits(most.units, limit.currency)}.`);
  }
  if (sameName(office, approver)) return say('met');
  const higher = higherRow(rows, decisive.index, office);
  return higher
    ? say('met', `${higher.approver} stands above ${approver} in the table.`)
    : say('not-met', `${approver} must approve this${decisive.basis ? `: ${decisive.part} comes to ${showAmount(decisive.basis)}` : ''}.`);
};

/** A row above another one that names an office: it may approve what the other may. */
const higherRow = (rows: readonly LossRow[], index: number, office: string): LossRow | undefined =>
  rows.slice(0, index).find((row) => sameName(row.approver, office));

/** Who would have to approve by what a loss comes to now, where the office that approved it, if any is known, is neither that one nor a higher one. */
export const outgrown = (
  programme: WithPolicies,
  table: Table,
  basis: Basis,
  { on, office }: { readonly on: string; readonly office?: string | undefined },
): readonly { readonly approver: string; readonly basis?: Amount }[] =>
  inForce(programme, on).flatMap(({ [table]: rows = [] }) => {
    const { decisive } = decisiveRow(rows, basis);
    if (!decisive) return [];
    const { approver } = rows[decisive.index]!;
    if (office !== undefined && (sameName(office, approver) || higherRow(rows, decisive.index, office))) return [];
    return [{ approver, ...(decisive.basis && { basis: decisive.basis }) }];
  });

interface Decisive {
  readonly index: number;
  readonly basis?: Amount;
  readonly part?: string;
}
/** The first row that applies, or what is missing to tell whether a row does. */
const decisiveRow = (
  rows: readonly LossRow[],
  basis: Basis,
): { readonly decisive?: Decisive; readonly missing?: { readonly currency: string; readonly part: string } } => {
  for (const [index, { grossAtLeast, grossAbove }] of rows.entries()) {
    const limits = [grossAtLeast, grossAbove].filter((limit) => limit !== undefined);
    if (limits.length === 0) {
      const { currency } = rows.flatMap(({ grossAtLeast, grossAbove }) => [grossAtLeast, grossAbove]).find((limit) => limit) ?? {};
      const known = currency === undefined ? undefined : largest(basis, currency);
      return {
        decisive: { index, ...(known && !known.missing && { basis: amountOf(known.most.units, currency!), part: known.most.part }) },
      };
    }
    const asked = limits.map(({ currency }) => ({ currency, ...largest(basis, currency) }));
    const lacking = asked.find(({ missing }) => missing !== undefined);
    if (lacking) return { missing: { currency: lacking.currency, part: lacking.missing! } };
    const unitsIn = ({ currency }: Amount): bigint => asked.find((one) => one.currency === currency)!.most.units;
    const above = !grossAbove || unitsIn(grossAbove) > minor(grossAbove);
    const reached = !grossAtLeast || unitsIn(grossAtLeast) >= minor(grossAtLeast);
    const [{ currency, most }] = asked as [(typeof asked)[number]];
    if (above && reached) return { decisive: { index, basis: amountOf(most.units, currency), part: most.part } };
  }
  return {};
};

const largest = (
  basis: Basis,
  currency: string,
): { readonly most: { readonly units: bigint; readonly part: string }; readonly missing?: string } => {
  let most = { units: 0n, part: 'the loss' };
  for (const [part, of] of Object.entries(basis)) {
    const units = of(currency);
    if (units === undefined) return { most, missing: part };
    if (units > most.units) most = { units, part };
  }
  return { most };
};
const showUnits = (units: bigint, currency: string): string => showAmount(amountOf(units, currency));

/** The first row that can never apply, because a row before it applies wherever it would; -1 when there is none. */
export const unreachableRow = (rows: readonly LossRow[]): number =>
  rows.findIndex((row, i) => rows.slice(0, i).some((before) => covers(before, row)));
/** Whether the first row applies to everything that the second applies to. */
const covers = (first: LossRow, second: LossRow): boolean => {
  const [from, other] = [floorOf(first), floorOf(second)];
  if (from === undefined || other === undefined) return false;
  if (from.units === 0n) return true;
  return other.currency === from.currency && from.units <= other.units;
};
/** The least amount that a row applies to; undefined where its limits have two currencies. */
const floorOf = ({ grossAtLeast, grossAbove }: LossRow): { readonly units: bigint; readonly currency?: string } | undefined => {
  if (grossAtLeast && grossAbove && grossAtLeast.currency !== grossAbove.currency) return undefined;
  const [at, above] = [grossAtLeast ? minor(grossAtLeast) : 0n, grossAbove ? minor(grossAbove) + 1n : 0n];
  const { currency } = grossAtLeast ?? grossAbove ?? {};
  return { units: at > above ? at : above, ...(currency !== undefined && { currency }) };
};
