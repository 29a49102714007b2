import { isAmount } from '../kernel/index.js';
import { Spark } from './chart.js';
import { partiesOf, type ContractEntry } from './rows.js';
import { places, to, type Frame } from './shell.js';
import { Day, Money, Name } from './words.js';

export const Suppliers = ({ of, frame }: { readonly of: Pick<ContractEntry, 'suppliers' | 'becomes'>; readonly frame: Frame }) => {
  const parties = partiesOf(of);
  if (parties.length === 0) return <span class="quiet">no supplier yet</span>;
  return (
    <>
      {parties.map(({ id, name, part }, i) => (
        <>
          {i > 0 && ', '}
          <a href={to(frame, places.supplier(id))}>
            <Name of={name} />
          </a>
          {part !== undefined && ` (${part})`}
        </>
      ))}
      {of.becomes && (
        <>
          {' '}
          (becomes{' '}
          {partiesOf(of.becomes)
            .map(({ name }) => name)
            .join(', ')}{' '}
          on <Day on={of.becomes.on} />)
        </>
      )}
    </>
  );
};

export const Ceiling = ({ of: c }: { readonly of: Pick<ContractEntry, 'original' | 'ceiling' | 'cumulative' | 'changes' | 'perYear'> }) => {
  const isSame = JSON.stringify(c.original) === JSON.stringify(c.ceiling);
  const values = [c.original, ...c.changes.flatMap(({ to }) => (to ? [to] : []))];
  return (
    <>
      {!isSame && (
        <span class="quiet">
          <Money of={c.original} /> →{' '}
        </span>
      )}
      <strong>
        <Money of={c.ceiling} />
      </strong>
      {!isSame && isAmount(c.ceiling) && c.cumulative !== null && (
        <p class="small">{c.cumulative.startsWith('-') ? `−${c.cumulative.slice(1)}` : `+${c.cumulative}`} over the original</p>
      )}
      <Spark values={values} />
      {isSame && c.perYear && isAmount(c.perYear) && (
        <p class="small quiet">
          <Money of={c.perYear} /> a year ({c.perYear.divides})
        </p>
      )}
    </>
  );
};
