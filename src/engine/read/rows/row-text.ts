/**
 * The JSON of what rows show of a contribution stands with the value that it is of, and with an entry of a list what it shows: as properties
 * that neither JSON nor a spread sees. Thousands of keys of a WeakMap would let each collection of garbage wait for them.
 */
const TEXT = Symbol('text');
const SHOWN = Symbol('shown');
interface Noted {
  readonly [TEXT]?: string;
  readonly [SHOWN]?: Fields;
}
const note = (of: object, name: keyof Noted, value: string | object): void => {
  if (Object.isExtensible(of)) Object.defineProperty(of, name, { value, configurable: true });
};

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a contribution shows as JSON, kept for the rows that show it. */
export const textOfShown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? '';
  if (isObject(value)) note(value, TEXT, text);
  return text;
};

/** Notes that an entry was made of a value that is shown, perhaps with more properties, or with others at the end. */
export const isShownBy = <Entry>(entry: Entry, value: unknown): Entry => {
  if (isObject(entry) && isObject(value) && entry !== value) note(entry, SHOWN, value);
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
  const { [SHOWN]: value, [TEXT]: known } = entry as Noted;
  const text = value && (value as Noted)[TEXT];
  if (value === undefined || text === undefined) return known ?? JSON.stringify(entry);
  const [names, own] = [Object.keys(value), Object.keys(entry)];
  let same = 0;
  while (same < names.length && names[same] === own[same] && value[names[same]!] === (entry as Fields)[names[same]!]) same++;
  if (same === 0) return JSON.stringify(entry);
  // What both begin with is a part of the text; what the value has behind it is measured by rendering it again.
  const behind = objectOf(names.slice(same).map((name) => memberOf(name, value[name]))).length - 2;
  const begin = text.slice(1, text.length - 1 - behind);
  const members = own.slice(same).map((name) => memberOf(name, (entry as Fields)[name]));
  return objectOf([begin.endsWith(',') ? begin.slice(0, -1) : begin, ...members]);
};
