import { Scroll } from './words.js';

interface Figure {
  readonly text: string;
}
interface Spent {
  readonly expected: Figure;
  readonly committed: Figure;
  readonly invoiced: Figure;
  readonly paid: Figure;
  readonly exchange: Figure;
}
/** A row of the accounts, as far as it is shown. */
export interface AccountRow extends Omit<Spent, 'expected'> {
  readonly byYear: readonly (Spent & { readonly year: string; readonly byNature: Readonly<Record<string, Spent>> })[];
  readonly findings: readonly { readonly text: string }[];
}

/** Financial years that a page shows: the newest. */
const YEARS = 20;
const Line = ({ of, name }: { readonly of: Omit<Spent, 'expected'> & Partial<Spent>; readonly name: string }) => (
  <tr>
    <th scope="row">{name}</th>
    <td data-label="Expected">{of.expected?.text ?? ''}</td>
    <td data-label="Committed">{of.committed.text}</td>
    <td data-label="Invoiced">{of.invoiced.text}</td>
    <td data-label="Paid">{of.paid.text}</td>
    <td data-label="Lost in exchange">{of.exchange.text}</td>
  </tr>
);

/** What was spent by financial year, beside what was expected; in exchange, above zero where a payment cost more than its order. */
export const Spend = ({ of }: { readonly of: AccountRow | undefined }) =>
  of === undefined ? null : (
    <>
      <h2>Account</h2>
      <Scroll label="The account by financial year">
        <table class="cards">
          <caption class="hidden">Expected, committed, invoiced, paid and lost in exchange by financial year</caption>
          <thead>
            <tr>
              {['Year', 'Expected', 'Committed', 'Invoiced', 'Paid', 'Lost in exchange'].map((name) => (
                <th scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.byYear.slice(-YEARS).map((year) => (
              <>
                <Line name={year.year} of={year} />
                {Object.entries(year.byNature).map(([nature, spent]) => (
                  <Line name={`${year.year} ${nature}`} of={spent} />
                ))}
              </>
            ))}
            <Line name="In all" of={of} />
          </tbody>
        </table>
      </Scroll>
      {of.findings.length > 0 && (
        <ul>
          {of.findings.map(({ text }) => (
            <li>{text}</li>
          ))}
        </ul>
      )}
    </>
  );
