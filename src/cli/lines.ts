import { commands, aggregates } from '../domain/index.js';
import {
  check,
  duplicateName,
  provenanceFields,
  IDENTIFIER,
  isIdentifier,
  kebab,
  object,
  optional,
  plural,
  refsIn,
  type AnyCommand,
  type AnyAggregate,
  type Fields,
  type Problem,
} from '../kernel/index.js';

/** The longest line that is read, in characters. */
export const LONGEST = 200_000;

/** A command of the file: its key makes it one decision however often it is sent. */
export interface SentCommand {
  readonly key: string;
  readonly path: string;
  readonly body: { readonly [field: string]: unknown };
  readonly command: AnyCommand;
  readonly stream: string;
  /** The streams whose earlier lines must be answered before this one is sent. */
  readonly after: readonly string[];
}
export interface Mark {
  readonly mark: string;
  readonly title: string;
}
/** Why a line is none of these. */
export interface Broken {
  readonly why: string;
  readonly errors?: readonly Problem[];
}

const places = new Map<string, { readonly command: AnyCommand; readonly aggregate: AnyAggregate; readonly fields: Fields }>();
for (const command of commands)
  for (const aggregate of command.aggregate ? [command.aggregate] : aggregates)
    places.set(`${plural(aggregate.category)} ${kebab(command.name)}`, {
      command,
      aggregate,
      fields: { ...command.fields, record: optional(object(provenanceFields)) },
    });

export interface Line {
  readonly text: string;
  /** Its end included. */
  readonly bytes: number;
}
const KEPT = LONGEST * 4;
const [LF, CR] = [10, 13];

/** The lines of a file, as many at once as end in a chunk; of one that is too long only so much as shows it. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let parts: Buffer[] = [];
  let [bytes, kept] = [0, 0];
  const keep = (part: Buffer) => {
    bytes += part.length;
    if (kept > KEPT) return;
    parts.push(part);
    kept += part.length;
  };
  const line = (): Line => {
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    let end = whole.length;
    if (whole[end - 1] === LF && whole[--end - 1] === CR) end--;
    const read = { text: whole.toString('utf8', 0, end), bytes };
    parts = [];
    [bytes, kept] = [0, 0];
    return read;
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      keep(chunk.subarray(from, end + 1));
      from = end + 1;
      lines.push(line());
    }
    if (from < chunk.length) keep(Buffer.from(chunk.subarray(from)));
    yield lines;
  }
  if (bytes > 0) yield [line()];
}

/** The file is of another form than the import reads. */
export class NotJsonLinesError extends Error {
  override readonly name = 'NotJsonLinesError';
}
/** What a file looks like by its beginning, where that is not JSON Lines. */
export const otherForm = (beginning: string): 'CSV' | 'one JSON document' | undefined => {
  const text = withoutMark(beginning).trimStart();
  const [first = ''] = text.split(/\r?\n/, 1);
  if (text.startsWith('[') || /^\{\s*$/.test(first)) return text.trim() === '{' ? undefined : 'one JSON document';
  if (text.startsWith('{'))
    return first.length > LONGEST && !/^\{\s*"(key|post|body|mark|title)"/.test(first) ? 'one JSON document' : undefined;
  return /[,;\t]/.test(first) ? 'CSV' : undefined;
};
/** Without the byte order mark with which some programs begin a file. */
export const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const broken = (why: string, errors?: readonly Problem[]): Broken => ({ why, ...(errors && { errors }) });

/** A line as it is to be sent. `"event": "@key"` names the first event of an earlier line about the same aggregate. */
export const lineOf = (text: string): SentCommand | Mark | Broken => {
  if (text.length > LONGEST) return broken(`The line is longer than ${LONGEST} characters.`);
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return broken('The line is not JSON; perhaps the file ends in the middle of it.');
  }
  if (!isObject(line)) return broken('The line is not an object.');
  const twice = duplicateName(text);
  if (twice !== undefined) return broken(`${twice} is given twice in one object.`);
  const { key, post, body = {}, mark, title } = line;
  if (typeof mark === 'string') return { mark, title: typeof title === 'string' ? title : mark };
  if (typeof post !== 'string') return broken('The line has no "post": the address of a command, such as /towers/hosting/plan-tower.');
  if (typeof key !== 'string' || key === '' || key.length > 200)
    return broken('The line has no "key", by which it is recorded once however often it is sent.');
  if (!isObject(body)) return broken('"body" is not an object.');
  const [, aggregates, id, name, ...more] = post.split('/');
  const place = places.get(`${aggregates} ${name}`);
  if (!place || !id || more.length > 0) return broken(`There is no command at ${post}.`);
  if (!isIdentifier(id)) return broken(`${JSON.stringify(post.split('/')[2]).slice(0, 64)} is no id: it must match ${IDENTIFIER}.`);
  const { command, aggregate, fields } = place;
  const named = typeof body['event'] === 'string' && body['event'].startsWith('@');
  const checked = named ? { ...body, event: '00000000-0000-7000-8000-000000000000' } : body;
  const errors = check(fields, checked);
  if (errors.length > 0) return broken(`${errors[0]!.pointer} ${errors[0]!.detail}.`, errors);
  return {
    key,
    path: post,
    body,
    command,
    stream: `${aggregate.category}-${id}`,
    after: refsIn(command.fields, body).map((ref) => `${ref.category}-${ref.id}`),
  };
};
