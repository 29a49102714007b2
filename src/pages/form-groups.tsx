import type { ComponentChildren } from 'preact';
import type { Part } from './form-fields.js';
import { idOf, problemAt, type Form } from './form.js';
import { wordsOf } from './words.js';

/** An input with its label, its hint and its problems. */
export const Group = ({
  at,
  label,
  hint,
  form,
  children,
}: {
  readonly at: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly form: Form;
  readonly children: ComponentChildren;
}) => {
  return (
    <div class={problemAt(at, form).length > 0 ? 'govuk-form-group govuk-form-group--error' : 'govuk-form-group'}>
      <label class="govuk-label" for={idOf(at)}>
        {label}
      </label>
      {hint !== undefined && (
        <div class="govuk-hint" id={`${idOf(at)}-hint`}>
          {hint}
        </div>
      )}
      <Problems at={at} form={form} />
      {children}
    </div>
  );
};

/** What is wrong at a pointer. */
export const Problems = ({ at, form }: { readonly at: string; readonly form: Form }) => {
  const problems = problemAt(at, form);
  return problems.length === 0 ? null : (
    <p class="govuk-error-message" id={`${idOf(at)}-error`}>
      <span class="hidden">Error:</span> {problems.map(({ detail }) => detail).join(', ')}
    </p>
  );
};

/** An input beside others. */
export const Small = ({
  at,
  label,
  form,
  children,
}: {
  readonly at: string;
  readonly label: string;
  readonly form: Form;
  readonly children: ComponentChildren;
}) => (
  <div class="govuk-form-group">
    <label class="govuk-label" for={idOf(at)}>
      {label}
    </label>
    <Problems at={at} form={form} />
    {children}
  </div>
);

/** What an input holds, as text. */
export const textOf = (value: Part): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value);

/** An input of one line beside others. @param width of it, in characters */
export const SmallInput = ({
  at,
  label,
  value,
  form,
  width,
  ...more
}: {
  readonly at: string;
  readonly label: string;
  readonly value: Part;
  readonly form: Form;
  readonly width?: 3 | 10;
  readonly inputmode?: 'decimal';
  readonly maxlength?: number;
  readonly spellcheck?: false;
}) => (
  <Small at={at} label={label} form={form}>
    <input
      class={width === undefined ? 'govuk-input' : `govuk-input govuk-input--width-${width}`}
      id={idOf(at)}
      name={at}
      value={textOf(value)}
      {...more}
    />
  </Small>
);

/** Choices, and none of them. */
export const Options = ({ of, value }: { readonly of: readonly string[]; readonly value: Part }) => (
  <>
    <option value=""> </option>
    {of.map((one) => (
      <option value={one} selected={one === value}>
        {wordsOf(one)}
      </option>
    ))}
  </>
);

const QUALIFIERS = ['about', 'under', 'over', 'at-most', 'at-least'];
/** How exact an amount or a number is. */
export const Qualifier = ({ at, value, form }: { readonly at: string; readonly value: Part; readonly form: Form }) => (
  <Small at={`${at}/qualifier`} label="Qualifier" form={form}>
    <select class="govuk-select" id={idOf(`${at}/qualifier`)} name={`${at}/qualifier`}>
      <Options of={QUALIFIERS} value={value} />
    </select>
  </Small>
);
