import {
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
import { isLines } from './form-fields.js';
import { wordsOf } from './words.js';
import type { Search } from './shell.js';

/** Under this id a form asks for the identifier of what it makes. */
export const NEW = '-';

/** A command as a form: what was entered, and what is wrong with it. */
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

/** The id of the input at a pointer. */
export const idOf = (at: string): string => `f${at.replaceAll(/[^A-Za-z0-9]/g, '-')}`;
/** Where the form is sent to. */
export const actionOf = ({ command, aggregate, id }: Pick<Form, 'command' | 'aggregate' | 'id'>): string =>
  `/app/${plural(aggregate.category)}/${id}/${kebab(command.name)}`;

export const labelOf = (name: string): string => (/^\d+$/.test(name) ? `Entry ${Number(name) + 1}` : wordsOf(name));

/** The input that a pointer names: of money, or of a list of lines, its first. */
export const fieldOf = (pointer: string, fields: Fields): string => {
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

export const problemAt = (at: string, { problems }: Form): readonly Problem[] => problems.filter(({ pointer }) => pointer === at);
/** How the input at a pointer is tied to its hint and its problems. */
export const described = (at: string, form: Form, hasHint: boolean) => {
  const by = [...(hasHint ? [`${idOf(at)}-hint`] : []), ...(problemAt(at, form).length > 0 ? [`${idOf(at)}-error`] : [])];
  return {
    ...(by.length > 0 && { 'aria-describedby': by.join(' ') }),
    ...(problemAt(at, form).length > 0 && { 'aria-invalid': 'true' as const }),
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
