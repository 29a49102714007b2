/** The JSON of what rows show of contributions: of the whole, and of each property with its name. Both live as long as what they are of. */
const wholes = new WeakMap<object, string>();
const members = new WeakMap<object, ReadonlyMap<string, string>>();
/** An entry of a list → what it shows. */
const shownBy = new WeakMap<object, object>();

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON of a property, undefined where JSON leaves it out. */
const memberOf = (name: string, value: unknown): string | undefined => {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : `${JSON.stringify(name)}:${text}`;
};

/** What a contribution shows as JSON, kept for the rows that show it. */
export const textOfShown = (value: unknown): string => {
  if (!isObject(value)) return JSON.stringify(value) ?? '';
  let text = wholes.get(value);
  if (text !== undefined) return text;
  const texts = new Map<string, string>();
  for (const [name, field] of Object.entries(value)) {
    const member = memberOf(name, field);
    if (member !== undefined) texts.set(name, member);
  }
  text = `{${[...texts.values()].join(',')}}`;
  wholes.set(value, text);
  members.set(value, texts);
  return text;
};
/** About what the text of such a value takes in memory, in bytes, with the value. */
export const bytesOfShown = (value: unknown, text: string): number =>
  6 * text.length + 100 * ((isObject(value) && members.get(value)?.size) || 0);

/** Notes that an entry was made of a value that is shown, perhaps with more or other properties. */
export const isShownBy = <Entry>(entry: Entry, value: unknown): Entry => {
  if (isObject(entry) && isObject(value) && entry !== value) shownBy.set(entry, value);
  return entry;
};

/** The same as JSON.stringify, from the texts of what it shows where they are kept. */
export const textOfRow = (row: Fields): string => {
  const texts: string[] = [];
  for (const [name, field] of Object.entries(row)) {
    const text = Array.isArray(field) ? `${JSON.stringify(name)}:[${field.map(textOfEntry).join(',')}]` : memberOf(name, field);
    if (text !== undefined) texts.push(text);
  }
  return `{${texts.join(',')}}`;
};

const textOfEntry = (entry: unknown): string => {
  if (!isObject(entry)) return JSON.stringify(entry) ?? 'null';
  const value = shownBy.get(entry) as Fields | undefined;
  const known = value && members.get(value);
  if (!known) return wholes.get(entry) ?? JSON.stringify(entry);
  const texts: string[] = [];
  for (const [name, field] of Object.entries(entry)) {
    const text = field === value[name] ? known.get(name) : memberOf(name, field);
    if (text !== undefined) texts.push(text);
  }
  return `{${texts.join(',')}}`;
};
