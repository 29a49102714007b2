import type { ComponentChildren } from 'preact';
import type { Field, Json } from '../kernel/index.js';
import { isLines, jsonText, MISSING, type Part } from './form-fields.js';
import { Group, Options, Problems, Qualifier, Small, SmallInput, textOf } from './form-groups.js';
import { described, idOf, labelOf, type Form } from './form.js';

interface Input {
  readonly field: Field;
  readonly name: string;
  readonly at: string;
  readonly value: Part;
  readonly form: Form;
}

const HINTS: Readonly<Record<string, string>> = {
  date: 'Such as 2016, 2016-02, 2016-02-29, [..2016-02-29] for then or before, or unknown',
  day: 'Such as 2016-02-29',
  percentage: 'Such as 12.5',
  list: 'One on each line',
  json: 'A text, a number, or JSON',
};

/** An entry of a list: it may stay empty like the rest, and is called by its number alone. */
const isEntry = (name: string): boolean => /^\d+$/.test(name);

/** One field of a command as the inputs of a form, by its kind. */
export const Asked = ({ field, name, at, value, form }: Input) => {
  const isRequired = !field.optional;
  const label = `${labelOf(name)}${isRequired || isEntry(name) ? '' : ' (optional)'}`;
  const hint = [field.about, ['object', 'amount', 'value', 'list'].includes(field.kind) && !isLines(field) ? undefined : HINTS[field.kind], field.kind === 'ref' ? `The identifier of a ${field.category}` : undefined]
    .filter(Boolean)
    .join('. ') || undefined; // prettier-ignore
  const common = { id: idOf(at), name: at, ...described(at, form, hint !== undefined) };
  const group = (input: ComponentChildren) => (
    <Group at={at} label={label} hint={hint} form={form}>
      {input}
    </Group>
  );
  switch (field.kind) {
    case 'choice':
      return group(
        <select class="govuk-select" {...common}>
          <Options of={field.values ?? []} value={value} />
        </select>,
      );
    case 'flag':
      return group(
        <select class="govuk-select" {...common}>
          <option value=""> </option>
          <option value="true" selected={value === true}>
            Yes
          </option>
          {!field.values && (
            <option value="false" selected={value === false}>
              No
            </option>
          )}
        </select>,
      );
    case 'object':
      return (
        <fieldset id={idOf(at)}>
          <legend>{label}</legend>
          {hint !== undefined && <p class="govuk-hint">{hint}</p>}
          {Object.entries<Field>(field.fields ?? {}).map(([inner, one]) => (
            <Asked
              field={field.optional ? { ...one, optional: true } : one}
              name={inner}
              at={`${at}/${inner}`}
              value={(value as Readonly<Record<string, Json>> | undefined)?.[inner]}
              form={form}
            />
          ))}
        </fieldset>
      );
    case 'list':
      return isLines(field) ? (
        group(
          <textarea
            class="govuk-textarea"
            rows={Math.min(8, Math.max(2, Array.isArray(value) ? value.length : 0))}
            {...common}
            value={Array.isArray(value) ? value.map(textOf).join('\n') : textOf(value)}
          />,
        )
      ) : (
        <Entries field={field} name={name} at={at} value={value} form={form} />
      );
    case 'amount':
    case 'value':
      return <Amount field={field} name={name} at={at} value={value} form={form} />;
    case 'headcount':
    case 'quantity': {
      const { count, qualifier, unit } = (typeof value === 'object' && value !== null ? value : { count: value }) as Readonly<
        Record<string, Json | undefined>
      >;
      return (
        <Frame at={at} label={label} hint={hint} form={form}>
          <div class="inline">
            <Qualifier at={at} value={qualifier} form={form} />
            <SmallInput at={`${at}/count`} label="Count" value={count} form={form} width={10} inputmode="decimal" />
            {field.kind === 'headcount' && (
              <Small at={`${at}/unit`} label="Unit" form={form}>
                <select class="govuk-select" id={idOf(`${at}/unit`)} name={`${at}/unit`}>
                  <Options of={['posts', 'people', 'fte']} value={unit} />
                </select>
              </Small>
            )}
          </div>
        </Frame>
      );
    }
    case 'json':
      return group(<textarea class="govuk-textarea" rows={3} {...common} value={jsonText(value)} spellcheck={false} />);
    default: {
      const isLong = field.kind === 'text' && (field.max ?? 200) > 300;
      if (isLong) return group(<textarea class="govuk-textarea" rows={3} {...common} value={textOf(value)} />);
      const refers = field.kind === 'ref' ? field.category : field.names?.category;
      return group(
        <input
          class={['date', 'day', 'count', 'percentage', 'tally'].includes(field.kind) ? 'govuk-input govuk-input--width-20' : 'govuk-input'}
          {...common}
          value={textOf(value)}
          {...(refers !== undefined && form.known[refers] && { list: `known-${refers}`, type: 'text' as 'week' })}
          {...(field.kind === 'count' && { inputmode: 'numeric' as const })}
          {...(['id', 'ref', 'uuid', 'pointer'].includes(field.kind) && { autocapitalize: 'none' as const, spellcheck: false })}
        />,
      );
    }
  }
};

interface FrameOf {
  readonly at: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly form: Form;
  readonly children: ComponentChildren;
}
/** Inputs that belong together, with their legend and what is wrong with them as a whole. */
const Frame = ({ at, label, hint, form, children }: FrameOf) => (
  <fieldset id={idOf(at)}>
    <legend>{label}</legend>
    {hint !== undefined && <p class="govuk-hint">{hint}</p>}
    <Problems at={at} form={form} />
    {children}
  </fieldset>
);

const Amount = ({ field, name, at, value, form }: Input) => {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, Json | undefined>>;
  const is = MISSING.find((one) => given[one] !== undefined);
  const { until, why } = (given['withheld'] ?? {}) as Readonly<Record<string, Json | undefined>>;
  return (
    <Frame at={at} label={`${labelOf(name)}${field.optional ? ' (optional)' : ''}`} hint={field.about} form={form}>
      {field.kind === 'value' && (
        <Small at={`${at}/is`} label="What is known of it" form={form}>
          <select class="govuk-select" id={idOf(`${at}/is`)} name={`${at}/is`}>
            <option value="">An amount</option>
            <option value="undisclosed" selected={is === 'undisclosed'}>
              They did not disclose it
            </option>
            <option value="withheld" selected={is === 'withheld'}>
              It is withheld
            </option>
            <option value="unknown" selected={is === 'unknown'}>
              We do not know it
            </option>
          </select>
        </Small>
      )}
      <div class="inline">
        <Qualifier at={at} value={given['qualifier']} form={form} />
        <SmallInput at={`${at}/amount`} label="Amount" value={given['amount']} form={form} width={10} inputmode="decimal" />
        <SmallInput
          at={`${at}/currency`}
          label="Currency"
          value={given['currency'] ?? 'GBP'}
          form={form}
          width={3}
          maxlength={3}
          spellcheck={false}
        />
      </div>
      <details open={given['roundedTo'] !== undefined || is === 'withheld'}>
        <summary>Rounding{field.kind === 'value' ? ', and why it is withheld' : ''}</summary>
        <div>
          <SmallInput
            at={`${at}/roundedTo`}
            label="What the source rounds to (optional)"
            value={given['roundedTo']}
            form={form}
            width={10}
            inputmode="decimal"
          />
          {field.kind === 'value' && (
            <>
              <SmallInput at={`${at}/until`} label="Withheld until (optional)" value={until} form={form} width={10} />
              <SmallInput at={`${at}/why`} label="Why it is withheld" value={why} form={form} />
            </>
          )}
        </div>
      </details>
    </Frame>
  );
};

/** A list of objects: those that it has, and room for one more. */
const Entries = ({ field, name, at, value, form }: Input) => {
  const entries = Array.isArray(value) ? value : [];
  const n = Math.min(
    field.max ?? 100,
    entries.length + (form.room[at] ?? (field.optional && entries.length === 0 ? 0 : entries.length === 0 ? 1 : 0)),
  );
  return (
    <Frame at={at} label={`${labelOf(name)}${field.optional ? ' (optional)' : ''}`} hint={field.about} form={form}>
      <input type="hidden" name={`${at}/#`} value={n} />
      {Array.from({ length: n }, (_, i) => (
        <Asked field={{ ...field.item!, optional: true }} name={String(i)} at={`${at}/${i}`} value={entries[i] as Part} form={form} />
      ))}
      <button class="small-button" name="step" value={`add ${at}`}>
        Add {n === 0 ? 'one' : 'another'} to {labelOf(name).toLowerCase()}
      </button>
    </Frame>
  );
};
