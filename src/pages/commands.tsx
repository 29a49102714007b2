import type { ComponentChildren } from 'preact';
import type { Receipt } from '../engine/write/receipt.js';
import {
  isUnmet,
  kebab,
  plural,
  type AnyAggregate,
  type AnyCommand,
  type Entry,
  type Field,
  type Fields,
  type Json,
  type Problem,
} from '../kernel/index.js';
import { isLines, MISSING, type Part } from './form-fields.js';
import { Rules } from './grounds.js';
import { places, to, type Frame, type Page, type Search } from './shell.js';
import { Day, Fields as Said, Name, some, Value_, wordsOf } from './words.js';

/** The commands of an aggregate, as links to their forms. */
export const CommandLinks = ({ category, id, frame }: { readonly category: string; readonly id: string; readonly frame: Frame }) => (
  <ul class="acts noprint">
    {frame.commands(category).map((name) => (
      <li>
        <a href={`/app/${plural(category)}/${id}/${kebab(name)}`}>{wordsOf(name)}</a>
      </li>
    ))}
  </ul>
);

/** Under this id a form asks for the identifier of what it makes. */
export const NEW = '-';

export interface Form {
  readonly command: AnyCommand;
  readonly aggregate: AnyAggregate;
  /** The identifier, or `NEW`. */
  readonly id: string;
  /** As it was entered, where the form makes something new. */
  readonly newId?: string | undefined;
  /** All fields of the body, with those of its record. */
  readonly fields: Fields;
  readonly body: { readonly [name: string]: Json };
  readonly key: string;
  readonly problems: readonly Problem[];
  /** Entries that a list has room for beside those it has, by its pointer. */
  readonly room: Readonly<Record<string, number>>;
  /** Identifiers that may be meant, by category. */
  readonly known: Readonly<Record<string, readonly (readonly [id: string, title: string])[]>>;
  /** The fact that the command is about. */
  readonly fact?: Entry | undefined;
}

const idOf = (at: string): string => `f${at.replaceAll(/[^A-Za-z0-9]/g, '-')}`;
const actionOf = ({ command, aggregate, id }: Pick<Form, 'command' | 'aggregate' | 'id'>): string =>
  `/app/${plural(aggregate.category)}/${id}/${kebab(command.name)}`;

/** Fields that most people fill in stay in view; the rest is folded. */
const ALWAYS = ['title', 'programme', 'supplier', 'suppliers', 'value', 'startsOn', 'endsOn', 'kind', 'to', 'by', 'towers', 'amount', 'gross', 'bearer', 'category', 'event', 'changes', 'because', 'why', 'note', 'reason']; // prettier-ignore
const RECORD = ['effectiveOn', 'decidedBy', 'authority', 'reason'];
const isInView = (name: string, field: Field, at: string, form: Form): boolean => {
  const value = (form.body as Readonly<Record<string, unknown>>)[name];
  return (
    !field.optional ||
    ALWAYS.includes(name) ||
    value !== undefined ||
    form.problems.some(({ pointer }) => pointer.startsWith(`${at}/${name}`))
  );
};

export const formPage = (form: Form, frame: Frame): Page => {
  const { command, aggregate, id, body, problems } = form;
  const { record, ...own } = form.fields as { readonly record?: Field } & Fields;
  const names = Object.keys(own);
  const inView = names.filter((name) => isInView(name, own[name]!, '', form));
  const folded = names.filter((name) => !inView.includes(name));
  const recordFields = record?.fields ?? {};
  const recorded = (body['record'] ?? {}) as { readonly [name: string]: Json };
  const grounds = Object.keys(recordFields);
  const isGround = (name: string) =>
    RECORD.includes(name) || recorded[name] !== undefined || problems.some(({ pointer }) => pointer.startsWith(`/record/${name}`));
  const of = (name: string, field: Field) => (
    <Asked field={field} name={name} at={`/${name}`} value={(body as Readonly<Record<string, Json>>)[name]} form={form} />
  );
  const ofRecord = (name: string) => (
    <Asked field={recordFields[name]!} name={name} at={`/record/${name}`} value={recorded[name]} form={form} />
  );
  const title = wordsOf(command.name);
  return {
    title: problems.length > 0 ? `Error: ${title}` : title,
    clocks: false,
    status: problems.length > 0 ? 422 : 200,
    programme: typeof body['programme'] === 'string' ? body['programme'] : undefined,
    body: (
      <>
        <Errors form={form} />
        <p class="crumbs">
          {id === NEW ? (
            wordsOf(aggregate.category)
          ) : (
            <a href={to(frame, places.about(aggregate.category, id))}>
              {wordsOf(aggregate.category)} <bdi>{id}</bdi>
            </a>
          )}
        </p>
        <h1>{title}</h1>
        <p>{command.summary}</p>
        {form.fact && <AboutFact of={form.fact} />}
        <form class="command" method="post" action={actionOf(form)} novalidate>
          <input type="hidden" name="csrf" value={frame.csrf} />
          <input type="hidden" name="key" value={form.key} />
          {/* Enter in a field checks the answers, and does not add a line */}
          <button class="hidden" name="step" value="check" tabIndex={-1} aria-hidden="true">
            Check
          </button>
          {id === NEW && (
            <Group
              at="/#id"
              label={`Identifier of the ${aggregate.category}`}
              hint="Small letters, digits and -, such as met-hosting-csc. It never changes."
              form={form}
            >
              <input
                class="govuk-input"
                id={idOf('/#id')}
                name="#id"
                value={form.newId ?? ''}
                {...described('/#id', form, true)}
                autocapitalize="none"
                spellcheck={false}
              />
            </Group>
          )}
          {inView.map((name) => of(name, own[name]!))}
          {folded.length > 0 && (
            <details>
              <summary>{some(folded.length, 'more field')}</summary>
              <div>{folded.map((name) => of(name, own[name]!))}</div>
            </details>
          )}
          {record && (
            <fieldset>
              <legend>When, who decided, on what grounds</legend>
              {grounds.filter(isGround).map(ofRecord)}
              <details>
                <summary>Evidence and more</summary>
                <div>{grounds.filter((name) => !isGround(name)).map(ofRecord)}</div>
              </details>
            </fieldset>
          )}
          <button class="govuk-button" name="step" value="check">
            Check your answers
          </button>
        </form>
        {Object.entries(form.known).map(([category, of]) => (
          <datalist id={`known-${category}`}>
            {of.map(([one, title]) => (
              <option value={one}>{title}</option>
            ))}
          </datalist>
        ))}
      </>
    ),
  };
};
const AboutFact = ({ of }: { readonly of: Entry }) => (
  <details open>
    <summary>The fact that this is about: {wordsOf(of.recorded.type)}</summary>
    <div>
      <p>
        <Day on={of.effectiveOn} />
      </p>
      <table>
        <caption class="hidden">Its fields, with the pointer that names each</caption>
        <thead>
          <tr>
            <th scope="col">Pointer</th>
            <th scope="col">Says</th>
          </tr>
        </thead>
        <tbody>
          {[['effectiveOn', of.effectiveOn] as const, ...Object.entries(of.data as object)].map(([name, value]) => (
            <tr>
              <th scope="row">
                <code>/{name}</code>
              </th>
              <td>
                <Value_ of={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);

const Errors = ({ form: { problems, fields } }: { readonly form: Form }) =>
  problems.length === 0 ? null : (
    <div class="govuk-error-summary" role="alert" tabIndex={-1} data-focus>
      <h2 class="govuk-error-summary__title">There is a problem</h2>
      <ul class="govuk-error-summary__list">
        {problems.map(({ pointer, detail }) => {
          const name = pointer.split('/')[1];
          const isShown = pointer === '/#id' || (name !== undefined && Object.hasOwn(fields, name));
          const isSentence = pointer === '/#id' || /^\p{Lu}/u.test(detail);
          const text = isShown && !isSentence ? `${labelOf(pointer.split('/').at(-1) ?? '')} ${detail}` : detail;
          return <li>{isShown ? <a href={`#${idOf(fieldOf(pointer, fields))}`}>{text}</a> : text}</li>;
        })}
      </ul>
    </div>
  );
const labelOf = (name: string): string => (/^\d+$/.test(name) ? `Entry ${Number(name) + 1}` : wordsOf(name));
/** The input that a pointer names: of money, or of a list of lines, its first. */
const fieldOf = (pointer: string, fields: Fields): string => {
  if (pointer === '/#id') return pointer;
  let at = '';
  let field: Field | undefined;
  let inner: Fields | undefined = fields;
  for (const step of pointer.split('/').slice(1)) {
    const next: Field | undefined = field?.kind === 'list' ? field.item : inner?.[step];
    if (!next) break;
    at += `/${step}`;
    field = next;
    inner = next.fields;
    if (next.kind === 'list' && isLines(next)) break;
  }
  if (field?.kind === 'amount' || field?.kind === 'value') return pointer.startsWith(`${at}/`) ? pointer : `${at}/amount`;
  if (field?.kind === 'headcount' || field?.kind === 'quantity') return pointer.startsWith(`${at}/`) ? pointer : `${at}/count`;
  return at;
};

const problemAt = (at: string, { problems }: Form): readonly Problem[] => problems.filter(({ pointer }) => pointer === at);
const described = (at: string, form: Form, hasHint: boolean) => {
  const by = [...(hasHint ? [`${idOf(at)}-hint`] : []), ...(problemAt(at, form).length > 0 ? [`${idOf(at)}-error`] : [])];
  return {
    ...(by.length > 0 && { 'aria-describedby': by.join(' ') }),
    ...(problemAt(at, form).length > 0 && { 'aria-invalid': 'true' as const }),
  };
};
const Group = ({
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
  const problems = problemAt(at, form);
  return (
    <div class={problems.length > 0 ? 'govuk-form-group govuk-form-group--error' : 'govuk-form-group'}>
      <label class="govuk-label" for={idOf(at)}>
        {label}
      </label>
      {hint !== undefined && (
        <div class="govuk-hint" id={`${idOf(at)}-hint`}>
          {hint}
        </div>
      )}
      {problems.length > 0 && (
        <p class="govuk-error-message" id={`${idOf(at)}-error`}>
          <span class="hidden">Error:</span> {problems.map(({ detail }) => detail).join(', ')}
        </p>
      )}
      {children}
    </div>
  );
};
interface Input {
  readonly field: Field;
  readonly name: string;
  readonly at: string;
  readonly value: Part;
  readonly form: Form;
}
const textOf = (value: Part): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value, null, 1) : String(value);
const HINTS: Readonly<Record<string, string>> = {
  date: 'Such as 2016, 2016-02, 2016-02-29, [..2016-02-29] for then or before, or unknown',
  day: 'Such as 2016-02-29',
  percentage: 'Such as 12.5',
  list: 'One on each line',
  json: 'A text, a number, or JSON',
};
const Options = ({ of, value }: { readonly of: readonly string[]; readonly value: Part }) => (
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

/** One field of a command as the inputs of a form, by its kind. */
const Asked = ({ field, name, at, value, form }: Input) => {
  const isRequired = !field.optional;
  const label = `${labelOf(name)}${isRequired ? '' : ' (optional)'}`;
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
        <fieldset id={idOf(at)}>
          <legend>{label}</legend>
          {hint !== undefined && <p class="govuk-hint">{hint}</p>}
          <Problems_ at={at} form={form} />
          <div class="inline">
            <Small at={`${at}/qualifier`} label="Qualifier" form={form}>
              <select class="govuk-select" id={idOf(`${at}/qualifier`)} name={`${at}/qualifier`}>
                <Options of={QUALIFIERS} value={qualifier} />
              </select>
            </Small>
            <Small at={`${at}/count`} label="Count" form={form}>
              <input
                class="govuk-input govuk-input--width-10"
                id={idOf(`${at}/count`)}
                name={`${at}/count`}
                value={textOf(count)}
                inputmode="decimal"
              />
            </Small>
            {field.kind === 'headcount' && (
              <Small at={`${at}/unit`} label="Unit" form={form}>
                <select class="govuk-select" id={idOf(`${at}/unit`)} name={`${at}/unit`}>
                  <Options of={['posts', 'people', 'fte']} value={unit} />
                </select>
              </Small>
            )}
          </div>
        </fieldset>
      );
    }
    case 'json':
      return group(<textarea class="govuk-textarea" rows={3} {...common} value={textOf(value)} spellcheck={false} />);
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
const Problems_ = ({ at, form }: { readonly at: string; readonly form: Form }) => {
  const problems = problemAt(at, form);
  return problems.length === 0 ? null : (
    <p class="govuk-error-message" id={`${idOf(at)}-error`}>
      <span class="hidden">Error:</span> {problems.map(({ detail }) => detail).join(', ')}
    </p>
  );
};
const Small = ({
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
    <Problems_ at={at} form={form} />
    {children}
  </div>
);
const Amount = ({ field, name, at, value, form }: Input) => {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, Json | undefined>>;
  const is = MISSING.find((one) => given[one] !== undefined);
  const { until, why } = (given['withheld'] ?? {}) as Readonly<Record<string, Json | undefined>>;
  return (
    <fieldset id={idOf(at)}>
      <legend>
        {labelOf(name)}
        {field.optional ? ' (optional)' : ''}
      </legend>
      {field.about !== undefined && <p class="govuk-hint">{field.about}</p>}
      <Problems_ at={at} form={form} />
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
        <Small at={`${at}/qualifier`} label="Qualifier" form={form}>
          <select class="govuk-select" id={idOf(`${at}/qualifier`)} name={`${at}/qualifier`}>
            <Options of={QUALIFIERS} value={given['qualifier']} />
          </select>
        </Small>
        <Small at={`${at}/amount`} label="Amount" form={form}>
          <input
            class="govuk-input govuk-input--width-10"
            id={idOf(`${at}/amount`)}
            name={`${at}/amount`}
            value={textOf(given['amount'])}
            inputmode="decimal"
          />
        </Small>
        <Small at={`${at}/currency`} label="Currency" form={form}>
          <input
            class="govuk-input govuk-input--width-3"
            id={idOf(`${at}/currency`)}
            name={`${at}/currency`}
            value={textOf(given['currency'] ?? 'GBP')}
            maxlength={3}
            spellcheck={false}
          />
        </Small>
      </div>
      <details open={given['roundedTo'] !== undefined || is === 'withheld'}>
        <summary>Rounding{field.kind === 'value' ? ', and why it is withheld' : ''}</summary>
        <div>
          <Small at={`${at}/roundedTo`} label="What the source rounds to (optional)" form={form}>
            <input
              class="govuk-input govuk-input--width-10"
              id={idOf(`${at}/roundedTo`)}
              name={`${at}/roundedTo`}
              value={textOf(given['roundedTo'])}
              inputmode="decimal"
            />
          </Small>
          {field.kind === 'value' && (
            <>
              <Small at={`${at}/until`} label="Withheld until (optional)" form={form}>
                <input class="govuk-input govuk-input--width-10" id={idOf(`${at}/until`)} name={`${at}/until`} value={textOf(until)} />
              </Small>
              <Small at={`${at}/why`} label="Why it is withheld" form={form}>
                <input class="govuk-input" id={idOf(`${at}/why`)} name={`${at}/why`} value={textOf(why)} />
              </Small>
            </>
          )}
        </div>
      </details>
    </fieldset>
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
    <fieldset id={idOf(at)}>
      <legend>
        {labelOf(name)}
        {field.optional ? ' (optional)' : ''}
      </legend>
      {field.about !== undefined && <p class="govuk-hint">{field.about}</p>}
      <Problems_ at={at} form={form} />
      <input type="hidden" name={`${at}/#`} value={n} />
      {Array.from({ length: n }, (_, i) => (
        <Asked field={{ ...field.item!, optional: true }} name={String(i)} at={`${at}/${i}`} value={entries[i] as Part} form={form} />
      ))}
      <button class="small-button" name="step" value={`add ${at}`}>
        Add {n === 0 ? 'one' : 'another'} to {labelOf(name).toLowerCase()}
      </button>
    </fieldset>
  );
};

/** What would be recorded, before it is. */
export const checkPage = (form: Form, receipt: Receipt, frame: Frame): Page => {
  const { command, aggregate, body } = form;
  const { record, ...own } = body as { readonly record?: Json };
  const unmet = receipt.assessed.filter(isUnmet);
  const title = `Check your answers: ${wordsOf(command.name)}`;
  return {
    title,
    clocks: false,
    programme: typeof body['programme'] === 'string' ? body['programme'] : undefined,
    body: (
      <>
        <h1>{title}</h1>
        {receipt.outcome === 'already-so' ? (
          <div class="banner">
            <p>It is so already: nothing would be recorded.</p>
          </div>
        ) : (
          unmet.length > 0 && (
            <div class="banner warn">
              <p>
                It would be recorded with {some(unmet.length, 'rule')} that {unmet.length === 1 ? 'is' : 'are'} not met.
              </p>
            </div>
          )
        )}
        <div class="columns">
          <section>
            <h2>What you entered</h2>
            <p>
              {wordsOf(aggregate.category)} <b class="id">{form.id === NEW ? form.newId : form.id}</b>
            </p>
            <Said of={own} />
            {record !== undefined && <Said of={record as object} />}
          </section>
          <section>
            <h2>What would be recorded</h2>
            <ul class="line">
              {receipt.events.map(({ type }) => (
                <li>{wordsOf(type)}</li>
              ))}
            </ul>
            <h2>Rules</h2>
            <Rules of={receipt.assessed} />
            <h2>What it is decided on</h2>
            <ul>
              {receipt.known.map(({ stream, revision }) => (
                <li>
                  <Name of={stream} /> <span class="quiet">{revision < 0 ? 'without events' : `up to revision ${revision}`}</span>
                </li>
              ))}
            </ul>
          </section>
        </div>
        <form method="post" action={actionOf(form)}>
          <input type="hidden" name="csrf" value={frame.csrf} />
          <input type="hidden" name="key" value={form.key} />
          <input type="hidden" name="body" value={JSON.stringify(body)} />
          <input type="hidden" name="revision" value={receipt.revision} />
          {form.id === NEW && <input type="hidden" name="#id" value={form.newId ?? ''} />}
          {receipt.outcome !== 'already-so' && (
            <button class="govuk-button" name="step" value="send">
              Record it
            </button>
          )}{' '}
          <button class="govuk-button govuk-button--secondary" name="step" value="edit">
            Change your answers
          </button>
        </form>
      </>
    ),
  };
};
/** What a link fills in beforehand: texts, and lists of them by commas. */
export const prefilled = (fields: Fields, query: Search): { readonly [name: string]: Json } => {
  const body: Record<string, Json> = {};
  for (const [name, value] of Object.entries(query)) {
    const field = fields[name];
    if (value === undefined || !field) continue;
    if (['text', 'id', 'ref', 'uuid', 'choice', 'date'].includes(field.kind)) body[name] = value;
    else if (isLines(field)) body[name] = value.split(',');
  }
  return body;
};
