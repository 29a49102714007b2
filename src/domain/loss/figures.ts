import { betweenOf, type Between, type Value } from '../../kernel/index.js';

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

export type Flow = 'write-off' | 'reversal' | 'recovery' | 'recovery-reversal';

/**
 * A loss as it would be if its gross were exactly so much (undefined: without bound): gross = recovered + net written off + outstanding.
 * Kept are the gross, what was recovered, what is written off in the books, and how much of the receipts had lowered that.
 */
export interface Supposed {
  readonly gross?: bigint;
  readonly recovered: bigint;
  /** Write-offs less reversals and less the receipts that lowered them. Above what the gross leaves room for, the rest is not lost. */
  readonly booked: bigint;
  readonly ofBooked: bigint;
}
export const supposing = (gross: bigint | undefined): Supposed => ({
  ...(gross !== undefined && { gross }),
  recovered: 0n,
  booked: 0n,
  ofBooked: 0n,
});

/** What the gross leaves after receipts; undefined: without bound. A receipt above the gross shows that the gross was more. */
const room = ({ gross, recovered }: Supposed): bigint | undefined => (gross === undefined ? undefined : max(0n, gross - recovered));
export const netOf = (s: Supposed): bigint => {
  const most = room(s);
  return most === undefined ? s.booked : min(s.booked, most);
};
/** Undefined: without bound. */
export const outstandingOf = (s: Supposed): bigint | undefined => {
  const most = room(s);
  return most === undefined ? undefined : max(0n, most - s.booked);
};
/** The gross, or what was recovered where that is more. */
export const grossOf = ({ gross, recovered }: Supposed): bigint | undefined => (gross === undefined ? undefined : max(gross, recovered));

/** A receipt pays what is outstanding first, and only the rest lowers the net; taken back, it is given back the other way round. */
export const moved = (s: Supposed, flow: Flow, amount: bigint): Supposed => {
  switch (flow) {
    case 'write-off':
      return { ...s, booked: s.booked + amount };
    case 'reversal':
      return { ...s, booked: max(0n, s.booked - amount) };
    case 'recovery': {
      const open = outstandingOf(s);
      const lowers = open === undefined ? 0n : min(max(0n, amount - open), s.booked);
      return { ...s, recovered: s.recovered + amount, booked: s.booked - lowers, ofBooked: s.ofBooked + lowers };
    }
    case 'recovery-reversal': {
      const beyond = s.gross === undefined ? 0n : max(0n, s.recovered - s.gross);
      const back = min(max(0n, amount - beyond), s.ofBooked);
      return { ...s, recovered: max(0n, s.recovered - amount), booked: s.booked + back, ofBooked: s.ofBooked - back };
    }
  }
};

/** A loss whose gross is an interval, supposed at either end. */
export interface Figures {
  readonly least: Supposed;
  readonly most: Supposed;
}
export const figuresOf = (gross: Value, flows: readonly { readonly flow: Flow; readonly amount: bigint }[] = []): Figures => {
  const { least, most } = betweenOf(gross);
  return flows.reduce((figures, { flow, amount }) => after(figures, flow, amount), { least: supposing(least), most: supposing(most) });
};
export const after = ({ least, most }: Figures, flow: Flow, amount: bigint): Figures => ({
  least: moved(least, flow, amount),
  most: moved(most, flow, amount),
});

const between = (least: bigint, most: bigint | undefined): Between => ({ least, ...(most !== undefined && { most }) });
export const recoveredIn = ({ most }: Figures): bigint => most.recovered;
export const netIn = ({ least, most }: Figures): Between => between(netOf(least), netOf(most));
export const outstandingIn = ({ least, most }: Figures): Between => between(outstandingOf(least) ?? 0n, outstandingOf(most));
export const grossIn = ({ least, most }: Figures): Between => between(grossOf(least) ?? 0n, grossOf(most));

/** Whether what is written off may be more than the gross leaves room for; certain is what `tooMuch` says. */
export const mayBeTooMuch = ({ least }: Figures): boolean => least.booked > netOf(least);
/** Whether what was recovered and is written off is certainly more than the gross. */
export const tooMuch = ({ most }: Figures): boolean => most.gross !== undefined && most.recovered + most.booked > most.gross;
