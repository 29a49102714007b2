/** The JSON of what rows show of contributions, kept as long as the value that it is of. */
const texts = new WeakMap<object, string>();
/** An entry of a list → what it shows. */
const shownBy = new WeakMap<object, object>();

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a contribution shows as JSON, kept for the rows that show it. */
export const textOfShown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? '';
  if (isObject(value)) texts.set(value, text);
  return text;
};

/** Notes that an entry was made of a value that is shown, perhaps with more properties, or with others at the end. */
export const isShownBy = <Entry>(entry: Entry, value: unknown): Entry => {
  if (isObject(entry) && isObject(value) && entry !== value) shownBy.set(entry, value);
  return entry;
};

/** The same as JSON.stringify, with the texts that are kept of what the row shows. */
export const textOfRow = (row: Fields): string => objectOf(Object.keys(row).map((name) => memberOf(name, row[name])));

/** A property as JSON; empty where JSON leaves it out. */
const memberOf = (name: string, value: unknown): string => {
  const text = Array.isArray(value) ? `[${value.map(textOfEntry).join(',')}]` : JSON.stringify(value);
  return text === undefined ? '' : `${JSON.stringify(name)}:${text}`;
};
const objectOf = (members: readonly string[]): string => `{${members.filter((member) => member !== '').join(',')}}`;

const textOfEntry = (entry: unknown): string => {
  if (!isObject(entry)) return JSON.stringify(entry) ?? 'null';
  const value = shownBy.get(entry) as Fields | undefined;
  const text = value && texts.get(value);
  if (value === undefined || text === undefined) return texts.get(entry) ?? JSON.stringify(entry);
  const [names, own] = [Object.keys(value), Object.keys(entry)];
  let same = 0;
  while (same < names.length && names[same] === own[same] && value[names[same]!] === (entry as Fields)[names[same]!]) same++;
  if (same === 0) return JSON.stringify(entry);
  // What both begin with is a part of the text; what the value has behind it is measured by rendering it again.
  const behind = objectOf(names.slice(same).map((name) => memberOf(name, value[name]))).length - 2;
  const begin = text.slice(1, text.length - 1 - behind);
  const members = own.slice(same).map((name) => memberOf(name, (entry as Fields)[name]));
  return objectOf([behind > 0 && begin.endsWith(',') ? begin.slice(0, -1) : begin, ...members]);
};
