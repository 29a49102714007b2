import type { Entry, Field, Fields, Json } from '../kernel/index.js';
import { Group } from './form-groups.js';
import { Asked } from './form-inputs.js';
import { actionOf, described, fieldOf, idOf, labelOf, NEW, type Form } from './form.js';
import { places, to, type Frame, type Page } from './shell.js';
import { Day, some, Value_, wordsOf } from './words.js';

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

/** A command as a form. */
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
