import type { ComponentChildren } from 'preact';

/** A field of a search form. */
export const Ask = ({
  name,
  label,
  value,
  type = 'text',
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly type?: 'text' | 'date';
}) => (
  <div>
    <label for={`q-${name}`}>{label}</label>
    <input id={`q-${name}`} name={name} type={type as 'text'} value={value ?? ''} />
  </div>
);
export const Pick = ({
  name,
  label,
  value,
  of,
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly of: readonly (readonly [value: string, text: string])[];
}) => (
  <div>
    <label for={`q-${name}`}>{label}</label>
    <select id={`q-${name}`} name={name}>
      <option value="">any</option>
      {of.map(([one, text]) => (
        <option value={one} selected={one === value}>
          {text}
        </option>
      ))}
    </select>
  </div>
);
/** A form that asks for the same page again: what else the address holds stays. */
export const Filters = ({
  action,
  keep,
  children,
}: {
  readonly action: string;
  readonly keep: Readonly<Record<string, string | undefined>>;
  readonly children: ComponentChildren;
}) => (
  <form class="filters" method="get" action={action} role="search">
    {Object.entries(keep).map(([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />)}
    {children}
    <button>Show</button>
  </form>
);
